package catalog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a catalog with what it keeps things in.
type world struct {
	*catalog.Catalog
	store *memory
	blobs *shelf
	temp  string
}

var admin = sb.Who{ID: "u1", Name: "Ada"}

func setup(t testing.TB) world {
	t.Helper()
	w := world{store: &memory{}, blobs: &shelf{blobs: map[string][]byte{}}, temp: t.TempDir()}
	w.Catalog = catalog.New(w.store, w.blobs, catalog.Limits{TempDir: w.temp})
	return w
}

func (w world) install(t testing.TB, body []byte, overwrite, dryRun bool) (sb.Installed, error) {
	t.Helper()
	done, err := w.Install(context.Background(), admin, bytes.NewReader(body), overwrite, dryRun)
	left, failed := os.ReadDir(w.temp)
	require.NoError(t, failed)
	require.Empty(t, left, "no upload stays in the temporary folder")
	return done, err
}

func sum(body []byte) string {
	h := sha256.Sum256(body)
	return hex.EncodeToString(h[:])
}

func TestInstallKeepsTheArchiveAndTheRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	body := archive(t, "fiftyone.yml", hello, "hello.py", "print()")
	done, err := w.install(t, body, false, false)
	require.NoError(t, err)
	require.True(t, done.Created)
	require.Equal(t, []string{"hello", "later"}, done.Added)
	require.Equal(t, sb.Revision{
		PluginID: "p0", Number: 1, SHA256: sum(body), Size: int64(len(body)), Manifest: done.Plugin.Revision.Manifest, CreatedBy: admin,
	}, done.Plugin.Revision)
	require.Equal(t, []string{"plugins/" + sum(body) + ".zip"}, w.blobs.keys())
	_, reader, size, err := w.Archive(context.Background(), "@acme/tools")
	require.NoError(t, err)
	kept, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, body, kept)
	require.EqualValues(t, len(body), size)
}

func TestWhereTheManifestLies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files []string
		root  string
		name  string
	}{
		"at the root":             {[]string{"fiftyone.yml", "name: a"}, "", "a"},
		"yaml":                    {[]string{"fiftyone.yaml", "name: a"}, "", "a"},
		"both: yml counts":        {[]string{"fiftyone.yaml", "name: b", "fiftyone.yml", "name: a"}, "", "a"},
		"both, the other order":   {[]string{"p/fiftyone.yml", "name: a", "p/fiftyone.yaml", "name: b"}, "p", "a"},
		"in a folder":             {[]string{"my-plugin/fiftyone.yml", "name: a", "my-plugin/x.py", ""}, "my-plugin", "a"},
		"what macOS adds":         {[]string{".DS_Store", "x", "p/fiftyone.yml", "name: a", "__MACOSX/p/._fiftyone.yml", "x", "__MACOSX/fiftyone.yml", "x"}, "p", "a"},
		"files beside the folder": {[]string{"LICENSE", "MIT", "p/fiftyone.yml", "name: a"}, "p", "a"},
		"root before folders":     {[]string{"other/fiftyone.yml", "name: b", "fiftyone.yml", "name: a"}, "", "a"},
		"a monorepo":              {[]string{"fiftyone.yml", "name: a", "js/fiftyone.yml", "x", "node_modules/y/fiftyone.yml", "x", ".yarn/cache/z.zip", "PK"}, "", "a"},
		"hidden folders":          {[]string{".git/fiftyone.yml", "x", "p/fiftyone.yml", "name: a"}, "p", "a"},
		"empty folders":           {[]string{"p/", "", "q/", "", "p/fiftyone.yml", "name: a"}, "p", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done, err := setup(t).install(t, archive(t, test.files...), false, false)
			require.NoError(t, err)
			require.Equal(t, test.root, done.Plugin.Revision.Root)
			require.Equal(t, test.name, done.Plugin.Name)
		})
	}
}

func TestUploadsThatAreRefusedLeaveNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body []byte
		code sb.Code
		says string
	}{
		"no ZIP":                 {[]byte("hello"), sb.Invalid, "not a ZIP"},
		"nothing":                {nil, sb.Invalid, "not a ZIP"},
		"slip":                   {archive(t, "fiftyone.yml", "name: a", "../x", ""), sb.Invalid, "leads out"},
		"no manifest":            {archive(t, "a.py", ""), sb.Invalid, "has no fiftyone.yml"},
		"manifest too deep":      {archive(t, "a/b/fiftyone.yml", "name: a"), sb.Invalid, "deeper: a/b/fiftyone.yml"},
		"manifest in other case": {archive(t, "FiftyOne.yml", "name: a"), sb.Invalid, "has no fiftyone.yml"},
		"manifest is a folder":   {archive(t, "fiftyone.yml/", ""), sb.Invalid, "has no fiftyone.yml"},
		"two plugins":            {archive(t, "b/fiftyone.yml", "name: b", "a/fiftyone.yml", "name: a"), sb.Invalid, "several plugins, in a, b"},
		"broken manifest":        {archive(t, "fiftyone.yml", "name: @a"), sb.Invalid, "has faults"},
		"huge manifest":          {archive(t, "fiftyone.yml", "name: a\n#"+noise(1<<20)), sb.TooLarge, "at most 1048576"},
		"a dataset":              {archive(t, "fiftyone.yaml", "name: a\ntype: dataset"), sb.Invalid, "fiftyone.yaml has faults"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			for _, dryRun := range []bool{true, false} {
				_, err := w.install(t, test.body, true, dryRun)
				require.ErrorContains(t, err, test.says)
				require.Equal(t, test.code, sb.CodeOf(err))
			}
			require.Empty(t, w.blobs.keys())
			require.Empty(t, w.store.plugins)
		})
	}
}

// noise is text that packs badly.
func noise(n int) string {
	var b strings.Builder
	for h := sha256.Sum256(nil); b.Len() < n; h = sha256.Sum256(h[:]) {
		b.WriteString(hex.EncodeToString(h[:]))
	}
	return b.String()
}

func TestUploadsThatBreakOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Install(context.Background(), admin, iotest.ErrReader(errors.New("connection reset")), false, false)
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	_, err = w.Install(context.Background(), admin, iotest.ErrReader(sb.Errorf(sb.TooLarge, "too much")), false, false)
	require.Equal(t, sb.TooLarge, sb.CodeOf(err), "a reader that knows better is believed")
	w.Catalog = catalog.New(w.store, w.blobs, catalog.Limits{Size: 100, TempDir: w.temp})
	_, err = w.install(t, make([]byte, 101), false, false)
	require.Equal(t, sb.TooLarge, sb.CodeOf(err))
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := archive(t, "fiftyone.yml", "name: a\noperators: [x, y]")
	second := archive(t, "fiftyone.yml", "name: a\noperators: [z, y]")
	_, err := w.install(t, first, false, false)
	require.NoError(t, err)
	_, err = w.SetOperator(context.Background(), "a", "y", new(bool), nil, nil)
	require.NoError(t, err)

	w.store.scheduled = 3
	_, err = w.install(t, second, false, false)
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
	require.Len(t, w.blobs.keys(), 1, "a refused upload is not kept")

	dry, err := w.install(t, second, false, true)
	require.NoError(t, err)
	require.Equal(t, []any{2, []string{"z"}, []string{"x"}, 3, false}, []any{dry.Plugin.Revision.Number, dry.Added, dry.Removed, dry.Scheduled, dry.Created})
	require.Equal(t, []bool{true, false}, []bool{dry.Plugin.Operators[0].Enabled, dry.Plugin.Operators[1].Enabled}, "y stays disabled")
	require.Len(t, w.store.revisions, 1, "a dry run changes nothing")

	done, err := w.install(t, second, true, false)
	require.NoError(t, err)
	require.Equal(t, []any{2, []string{"z"}, []string{"x"}, false}, []any{done.Plugin.Revision.Number, done.Added, done.Removed, done.Created})

	back, err := w.install(t, first, true, true)
	require.NoError(t, err)
	require.Equal(t, 1, back.Plugin.Revision.Number, "the same bytes are no new revision")
	back2, err := w.Rollback(context.Background(), "a", 1)
	require.NoError(t, err)
	require.Equal(t, sum(first), back2.Revision.SHA256)
}

func TestTheSameBytesChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	body := archive(t, "fiftyone.yml", "name: a\noperators: [x]")
	_, err := w.install(t, body, false, false)
	require.NoError(t, err)
	for _, dryRun := range []bool{true, false} {
		done, err := w.install(t, body, true, dryRun)
		require.NoError(t, err)
		require.True(t, done.Unchanged)
		require.Equal(t, 1, done.Plugin.Revision.Number)
		require.Empty(t, done.Added)
	}
	_, err = w.install(t, body, false, false)
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
}

func TestANewNameSaysWhatItMayHaveBeenMeantToUpgrade(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ manifest, wants string }{
		"another organisation": {`{name: "@other/tools", operators: [q]}`, "@acme/tools"},
		"another case":         {`{name: "@acme/Tools"}`, "@acme/tools"},
		"the same operators":   {`{name: renamed, operators: [later, hello]}`, "@acme/tools"},
		"another plugin":       {`{name: "@acme/more", operators: [hello]}`, ""},
		"no operators":         {`{name: "@acme/more"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, err := w.install(t, archive(t, "fiftyone.yml", hello), false, false)
			require.NoError(t, err)
			done, err := w.install(t, archive(t, "fiftyone.yml", test.manifest), true, false)
			require.NoError(t, err)
			require.True(t, done.Created, "a different name is a plugin of its own")
			require.Equal(t, test.wants, done.OtherName)
			require.Len(t, w.store.plugins, 2)
		})
	}
}

func TestFailuresOfWhatKeepsPlugins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	body := archive(t, "fiftyone.yml", "name: a")
	w.blobs.err = sb.Errorf(sb.Unavailable, "no blob store")
	_, err := w.install(t, body, false, false)
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.Empty(t, w.store.plugins, "no row without its archive")
	w.blobs.err, w.store.err = nil, sb.Errorf(sb.Unavailable, "no database")
	_, err = w.install(t, body, false, false)
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
}

func TestAnArchiveThatASweepElsewhereTookIsPutAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	body := archive(t, "fiftyone.yml", "name: a")
	w.store.installed = func() { w.blobs.blobs = map[string][]byte{} }
	_, err := w.install(t, body, false, false)
	require.NoError(t, err)
	require.Equal(t, []string{sb.ArchiveKey(sum(body))}, w.blobs.keys())
}

func TestAMissingArchiveIsNotAMissingPlugin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.install(t, archive(t, "fiftyone.yml", "name: a"), false, false)
	require.NoError(t, err)
	clear(w.blobs.blobs)
	_, _, _, err = w.Archive(context.Background(), "a")
	require.Equal(t, sb.Internal, sb.CodeOf(err))
	_, _, _, err = w.Archive(context.Background(), "b")
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}

func TestWhatAdminsDecide(t *testing.T) {
	t.Parallel()
	w, ctx := setup(t), context.Background()
	_, err := w.install(t, archive(t, "fiftyone.yml", hello), false, false)
	require.NoError(t, err)
	p, err := w.EnablePlugin(ctx, "@acme/tools", false)
	require.NoError(t, err)
	require.False(t, p.Enabled)
	role, wrong, permission := sb.Admin, sb.Role("edit"), sb.Permission("admin")
	o, err := w.SetOperator(ctx, p.ID, "hello", nil, &role, nil)
	require.NoError(t, err)
	require.Equal(t, sb.Admin, o.MinimumRole)
	_, err = w.SetOperator(ctx, p.ID, "hello", nil, &wrong, &permission)
	require.Len(t, faults(t, err), 2)
	revisions, err := w.Revisions(ctx, "@acme/tools")
	require.NoError(t, err)
	require.Len(t, revisions, 1)
	require.NoError(t, w.Uninstall(ctx, admin, "@acme/tools"))
	require.Equal(t, "Plugin @acme/tools was uninstalled by Ada.", w.store.reason)
	for _, err := range []error{
		w.Uninstall(ctx, admin, "@acme/tools"),
		second(w.EnablePlugin(ctx, "@acme/tools", true)), second(w.Rollback(ctx, "@acme/tools", 1)),
		second(w.Revisions(ctx, "@acme/tools")), second(w.SetOperator(ctx, "@acme/tools", "hello", nil, nil, nil)),
	} {
		require.Equal(t, sb.NotFound, sb.CodeOf(err))
	}
}

func second[T any](_ T, err error) error { return err }

// FuzzInstall: any bytes are installed or refused with a code for the sender, and refused ones leave nothing.
func FuzzInstall(f *testing.F) {
	f.Add(archive(f, "fiftyone.yml", hello, "hello.py", "print()"))
	f.Add(archive(f, "p/fiftyone.yaml", "name: a", "__MACOSX/x", ""))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := setup(t)
		_, err := w.install(t, body, false, false)
		if err != nil {
			require.Contains(t, []sb.Code{sb.Invalid, sb.TooLarge}, sb.CodeOf(err))
			require.Empty(t, w.blobs.keys())
		}
	})
}
