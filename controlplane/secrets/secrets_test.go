package secrets

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func setup(t *testing.T) (*Keys, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyset.json")
	keys, err := Create(path)
	require.NoError(t, err)
	return keys, path
}

func TestCreateMakesAPrivateFileOnce(t *testing.T) {
	t.Parallel()
	_, path := setup(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Create(path)
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestCreateWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	_, err := Create(filepath.Join(t.TempDir(), "no", "such", "folder", "keyset.json"))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
}

func TestOpenAnswersBadFilesClearly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		content string
		code    sb.Code
	}{
		"empty":                      {"", sb.Invalid},
		"not JSON":                   {"keys", sb.Invalid},
		"no keysets":                 {"{}", sb.Invalid},
		"a keyset with no key in it": {`{"seal":{"primaryKeyId":1,"key":[]},"sign":{"primaryKeyId":1,"key":[]}}`, sb.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			require.NoError(t, os.WriteFile(path, []byte(row.content), 0o600))
			_, err := Open(path)
			require.Equal(t, row.code, sb.CodeOf(err))
		})
	}
	_, err := Open(filepath.Join(t.TempDir(), "none"))
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
	_, err = Open(t.TempDir())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	_, err = Open("gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
}

func TestWhatIsSealedOpensAfterARestart(t *testing.T) {
	t.Parallel()
	keys, path := setup(t)
	again, err := Open(path)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		place := rapid.SliceOf(rapid.Byte()).Draw(t, "place")
		sealed, err := keys.Seal(plain, place)
		require.NoError(t, err)
		got, err := again.Open(sealed, place)
		require.NoError(t, err)
		require.Equal(t, string(plain), string(got))
	})
}

func TestASealedValueOpensNowhereElse(t *testing.T) {
	t.Parallel()
	keys, _ := setup(t)
	sealed, err := keys.Seal([]byte("token"), []byte("orchestrators/a"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "token")

	_, err = keys.Open(sealed, []byte("orchestrators/b"))
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	other, _ := setup(t)
	_, err = other.Open(sealed, []byte("orchestrators/a"))
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	sealed[len(sealed)-1] ^= 1
	_, err = keys.Open(sealed, []byte("orchestrators/a"))
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
}

func TestASignatureHoldsForItsDataAndKeysOnly(t *testing.T) {
	t.Parallel()
	keys, path := setup(t)
	tag, err := keys.MAC([]byte("run 1"))
	require.NoError(t, err)
	again, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, again.VerifyMAC(tag, []byte("run 1")))
	require.Equal(t, sb.Invalid, sb.CodeOf(again.VerifyMAC(tag, []byte("run 2"))))
	require.Equal(t, sb.Invalid, sb.CodeOf(again.VerifyMAC(nil, []byte("run 1"))))
	other, _ := setup(t)
	require.Equal(t, sb.Invalid, sb.CodeOf(other.VerifyMAC(tag, []byte("run 1"))))
}
