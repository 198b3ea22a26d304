package secrets_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/secrets"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestCreateMakesAPrivateFileOnce(t *testing.T) {
	t.Parallel()
	_, path := setup(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	before := read(t, path)
	_, err = secrets.Create(t.Context(), path)
	requireCode(t, sb.Conflict, err)
	require.Equal(t, before, read(t, path))
}

func TestCreateWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	_, err := secrets.Create(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder", "keyset.json"))
	requireCode(t, sb.Unavailable, err)
	_, err = secrets.Create(t.Context(), "awskms://alias/signalbox")
	requireCode(t, sb.Invalid, err)
}

func TestBadFilesAreAnsweredClearlyAndNotQuoted(t *testing.T) {
	t.Parallel()
	_, good := setup(t)
	whole := read(t, good)
	for name, content := range map[string]string{
		"empty":                      "",
		"not JSON":                   "hunter2",
		"no keysets":                 "{}",
		"a keyset with no key in it": `{"seal":{"primaryKeyId":1,"key":[]},"sign":{"primaryKeyId":1,"key":[]}}`,
		"half a file":                whole[:len(whole)/2],
		"a number for a keyset":      `{"seal":"hunter2","sign":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := secrets.Open(t.Context(), path, nil)
			requireCode(t, sb.Invalid, err)
			require.NotContains(t, err.Error(), "hunter2")
			requireCode(t, sb.Invalid, secrets.Rotate(t.Context(), path, nil))
			require.Equal(t, content, read(t, path))
		})
	}
	_, err := secrets.Open(t.Context(), filepath.Join(t.TempDir(), "none"), nil)
	requireCode(t, sb.NotFound, err)
	_, err = secrets.Open(t.Context(), t.TempDir(), nil)
	requireCode(t, sb.Unavailable, err)
}

func TestARotatedFileStaysWhatItIs(t *testing.T) {
	t.Parallel()
	_, path := setup(t)
	require.NoError(t, os.Chmod(path, 0o640)) // its group may read it, say
	link := filepath.Join(t.TempDir(), "link.json")
	require.NoError(t, os.Symlink(path, link))
	before := read(t, path)

	require.NoError(t, secrets.Rotate(t.Context(), link, nil))
	require.NotEqual(t, before, read(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.ModeSymlink, info.Mode().Type())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")
}
