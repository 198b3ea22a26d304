package secrets_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/secrets"
)

// setup makes a keyset in a file.
func setup(t *testing.T) (*secrets.Keys, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyset.json")
	keys, err := secrets.Create(t.Context(), path)
	require.NoError(t, err)
	return keys, path
}

func open(t *testing.T, setting string, store secrets.Store) *secrets.Keys {
	t.Helper()
	keys, err := secrets.Open(t.Context(), setting, store)
	require.NoError(t, err)
	return keys
}

func derive(t *testing.T, keys *secrets.Keys, purpose string) *secrets.Signer {
	t.Helper()
	s, err := keys.Derive(purpose)
	require.NoError(t, err)
	return s
}

// made is what a keyset has sealed and signed.
type made struct{ sealed, tag []byte }

func makeWith(t *testing.T, keys *secrets.Keys) made {
	t.Helper()
	sealed, err := keys.Seal([]byte("token"), []byte("row 1"))
	require.NoError(t, err)
	tag, err := derive(t, keys, "run tokens").MAC([]byte("run 1"))
	require.NoError(t, err)
	return made{sealed, tag}
}

// requireGood demands that keys open and verify what others made.
func requireGood(t *testing.T, keys *secrets.Keys, m made) {
	t.Helper()
	plain, err := keys.Open(m.sealed, []byte("row 1"))
	require.NoError(t, err)
	require.Equal(t, "token", string(plain))
	require.NoError(t, derive(t, keys, "run tokens").VerifyMAC(m.tag, []byte("run 1")))
}

func requireCode(t *testing.T, code sb.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, sb.CodeOf(err), err.Error())
}

func TestWhatIsSealedOpensAfterARestart(t *testing.T) {
	t.Parallel()
	keys, path := setup(t)
	again := open(t, path, nil)
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
	requireCode(t, sb.Invalid, err)
	other, _ := setup(t)
	_, err = other.Open(sealed, []byte("orchestrators/a"))
	requireCode(t, sb.Invalid, err)
	sealed[len(sealed)-1] ^= 1
	_, err = keys.Open(sealed, []byte("orchestrators/a"))
	requireCode(t, sb.Invalid, err)
}

func TestASignatureHoldsForItsDataPurposeAndKeysOnly(t *testing.T) {
	t.Parallel()
	keys, path := setup(t)
	signer := derive(t, keys, "run tokens")
	tag, err := signer.MAC([]byte("run 1"))
	require.NoError(t, err)
	other, _ := setup(t)
	for name, row := range map[string]struct {
		signer *secrets.Signer
		tag    []byte
		data   string
		good   bool
	}{
		"itself":          {signer, tag, "run 1", true},
		"after a restart": {derive(t, open(t, path, nil), "run tokens"), tag, "run 1", true},
		"other data":      {signer, tag, "run 2", false},
		"no tag":          {signer, nil, "run 1", false},
		"half a tag":      {signer, tag[:len(tag)/2], "run 1", false},
		"another purpose": {derive(t, keys, "sessions"), tag, "run 1", false},
		"a longer one":    {derive(t, keys, "run tokens "), tag, "run 1", false},
		"other keys":      {derive(t, other, "run tokens"), tag, "run 1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := row.signer.VerifyMAC(row.tag, []byte(row.data))
			if row.good {
				require.NoError(t, err)
				return
			}
			requireCode(t, sb.Invalid, err)
		})
	}
}
