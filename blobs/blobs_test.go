package blobs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/blobs/blobstest"
)

func open(t *testing.T, address string) blobs.Store {
	t.Helper()
	b, err := blobs.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.NoError(t, b.Ready(t.Context()))
	return b
}

func TestFiles(t *testing.T) {
	t.Parallel()
	blobstest.Run(t, func(t *testing.T) sb.Blobs { return open(t, "file://"+t.TempDir()) })
}

func TestS3(t *testing.T) {
	address := blobstest.S3(t)
	blobstest.Run(t, func(t *testing.T) sb.Blobs { return open(t, apart(t, address)) })
}

func TestGCS(t *testing.T) {
	address := blobstest.GCS(t)
	blobstest.Run(t, func(t *testing.T) sb.Blobs { return open(t, apart(t, address)) })
}

// apart gives each test a prefix of its own.
func apart(t *testing.T, address string) string {
	t.Helper()
	place, query, _ := strings.Cut(address, "?")
	return place + "/" + sb.SafeElement(t.Name()) + "?" + query
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ address, says string }{
		"none":                        {"", "file:///folder"},
		"a path":                      {"/var/lib", "file:///folder"},
		"another scheme":              {"ftp://sesame", "file://, s3://, gs://"},
		"unreadable":                  {"s3://sesame\x7f", "cannot be read"},
		"credentials":                 {"s3://me:sesame@bucket", "environment"},
		"a relative folder":           {"file://sesame/x", "file:///var/lib"},
		"an option of another scheme": {"file:///tmp?region=sesame", `"region"`},
		"an unknown option":           {"s3://bucket?secret=sesame", `"secret"`},
		"no bucket":                   {"s3:///sesame", "no bucket"},
		"no bucket there":             {"gs:///sesame", "no bucket"},
		"an endpoint without scheme":  {"s3://bucket?region=eu&endpoint=sesame:9000", "endpoint=https://"},
		"a value that is none":        {"s3://bucket?region=eu&use_path_style=sesame", "cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := blobs.Open(t.Context(), tt.address)
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "sesame")
		})
	}
}

func TestABucketThatIsMissingIsNotReady(t *testing.T) {
	address := blobstest.S3(t)
	b, err := blobs.Open(t.Context(), strings.Replace(address, "s3://bucket", "s3://nobody", 1))
	require.NoError(t, err)
	require.Equal(t, sb.Unavailable, sb.CodeOf(b.Ready(t.Context())))
	require.NoError(t, b.Close())
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	b := open(t, "file://"+dir)
	require.NoError(t, b.Put(t.Context(), "a/b/c", strings.NewReader("x")))
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		require.Equal(t, want, info.Mode().Perm(), d.Name())
		return nil
	}))
}

func TestFilesBesideTheFolderAreOutOfReach(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600))
	dir := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	b := open(t, "file://"+dir)
	_, err := b.Get(t.Context(), "link/secret", 0, -1)
	require.Error(t, err)
	require.Error(t, b.Put(t.Context(), "link/new", strings.NewReader("x")))
	require.NoFileExists(t, filepath.Join(outside, "new"))
}

func TestAnObjectCannotBeAFolder(t *testing.T) {
	t.Parallel()
	b := open(t, "file://"+t.TempDir())
	require.NoError(t, b.Put(t.Context(), "a/b", strings.NewReader("x")))
	require.Equal(t, sb.Conflict, sb.CodeOf(b.Put(t.Context(), "a", strings.NewReader("x"))))
	require.Equal(t, sb.Conflict, sb.CodeOf(b.Put(t.Context(), "a/b/c", strings.NewReader("x"))))
	require.Equal(t, sb.Invalid, sb.CodeOf(b.Put(t.Context(), strings.Repeat("x", 300), strings.NewReader("x"))))
	require.Equal(t, sb.Invalid, sb.CodeOf(b.Put(t.Context(), "", strings.NewReader("x"))))
}

func TestLeftoversOfACrashGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, "file://"+dir)
	old, fresh := filepath.Join(dir, ".unfinished", "old"), filepath.Join(dir, ".unfinished", "fresh")
	for _, name := range []string{old, fresh} {
		require.NoError(t, os.WriteFile(name, []byte("x"), 0o600))
	}
	day := time.Now().Add(-25 * time.Hour)
	require.NoError(t, os.Chtimes(old, day, day))
	b := open(t, "file://"+dir)
	require.NoFileExists(t, old)
	require.FileExists(t, fresh)
	require.NoError(t, b.List(t.Context(), "", func(o sb.Blob) error {
		t.Errorf("%s is listed", o.Key)
		return nil
	}))
}

func TestFoldersComeAndGoWhileOthersUseThem(t *testing.T) {
	t.Parallel()
	b := open(t, "file://"+t.TempDir())
	done := make(chan error)
	for i := range 4 {
		go func() {
			var err error
			for range 20 {
				key := fmt.Sprintf("run/1/main/%d", i)
				err = errors.Join(err, b.Put(t.Context(), key, strings.NewReader("x")), b.Delete(t.Context(), key))
			}
			done <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	require.NoError(t, b.List(t.Context(), "", func(o sb.Blob) error { return errors.New(o.Key + " is left") }))
}

func TestKeysAndPaths(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringN(1, 30, 80).Draw(t, "key")
		name, err := blobs.PathOf(key)
		require.NoError(t, err)
		var elements []string
		for e := range strings.SplitSeq(name, "/") {
			require.NotContains(t, []string{"", ".", ".."}, e)
			element, ok := blobs.UnescapeElement(e)
			require.True(t, ok)
			elements = append(elements, element)
		}
		require.Equal(t, key, strings.Join(elements, "/"))
	})
}
