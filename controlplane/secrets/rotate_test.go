package secrets_test

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store/storetest"
)

// local is the URI of a key that is in the URI.
func local(fill string) string {
	return "base64key://" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))
}

func TestReplicasUnderstandEachOtherAcrossRotations(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) (string, secrets.Store){
		"a file": func(t *testing.T) (string, secrets.Store) {
			_, path := setup(t)
			return path, nil
		},
		"the database": func(t *testing.T) (string, secrets.Store) {
			s := storetest.SQLite(t)
			open(t, local("k"), s)
			return local("k"), s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, store := make(t)
			first := open(t, at, store)
			all := []made{makeWith(t, first)}
			before := first
			for range 12 { // more than a key service would take in one piece
				require.NoError(t, secrets.Rotate(t.Context(), at, store))
				after := open(t, at, store)
				requireGood(t, after, makeWith(t, before))
				requireGood(t, before, makeWith(t, after)) // it has not started again yet
				require.NotEqual(t, keyOf(makeWith(t, before)), keyOf(makeWith(t, after)), "new keys are in use")
				all = append(all, makeWith(t, after))
				before = after
			}
			for _, m := range all {
				requireGood(t, before, m)
			}
		})
	}
}

// keyOf is the part of a signature that names its key.
func keyOf(m made) string { return string(m.tag[:5]) }

func TestAKeysetMoves(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	keys, path := setup(t)
	m := makeWith(t, keys)

	require.NoError(t, secrets.Move(t.Context(), path, local("a"), s))
	requireGood(t, open(t, local("a"), s), m)
	requireGood(t, open(t, path, s), m)
	requireCode(t, sb.Conflict, secrets.Move(t.Context(), path, local("a"), s))

	require.NoError(t, secrets.Move(t.Context(), local("a"), local("b"), s))
	requireGood(t, open(t, local("b"), s), m)
	_, err := secrets.Open(t.Context(), local("a"), s)
	requireCode(t, sb.Invalid, err)
	requireCode(t, sb.Invalid, secrets.Move(t.Context(), local("a"), local("b"), s))

	back := filepath.Join(t.TempDir(), "back.json")
	require.NoError(t, secrets.Move(t.Context(), local("b"), back, s))
	requireGood(t, open(t, back, s), m)
	requireCode(t, sb.Conflict, secrets.Move(t.Context(), local("b"), back, s))
	requireCode(t, sb.NotFound, secrets.Move(t.Context(), local("b"), local("b"), storetest.SQLite(t)))
}

func TestTheFirstStartMakesAKeysetInTheDatabase(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	requireCode(t, sb.NotFound, secrets.Rotate(t.Context(), local("k"), s))
	replicas := make(chan *secrets.Keys, 4)
	for range cap(replicas) {
		go func() {
			keys, err := secrets.Open(t.Context(), local("k"), s)
			if err != nil {
				t.Error(err)
			}
			replicas <- keys
		}()
	}
	first := <-replicas
	m := makeWith(t, first)
	for range cap(replicas) - 1 {
		requireGood(t, <-replicas, m)
	}
	wrapped, by, err := s.Keyset(t.Context())
	require.NoError(t, err)
	require.Equal(t, "base64key://", by, "it names the key, and does not hold it")
	raw, err := base64.StdEncoding.DecodeString(wrapped)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "primaryKeyId")
}

func TestADamagedKeysetIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	open(t, local("k"), s)
	good, by, err := s.Keyset(t.Context())
	require.NoError(t, err)
	for _, damage := range []string{"not base64!", "", good[:len(good)/2], good[:len(good)-8] + "AAAAAAA="} {
		now, _, err := s.Keyset(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.ReplaceKeyset(t.Context(), now, damage, by))
		_, err = secrets.Open(t.Context(), local("k"), s)
		requireCode(t, sb.Invalid, err)
		require.NotContains(t, err.Error(), strings.Repeat("k", 5))
		there, _, err := s.Keyset(t.Context())
		require.NoError(t, err)
		require.Equal(t, damage, there)
	}
}

func TestBadURIsAreRefusedAndNotQuoted(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{
		"a scheme nobody knows":         "vault://hunter2",
		"a key that is too short":       "base64key://aHVudGVyMg==",
		"no key":                        "base64key://",
		"a key that is not base64":      "base64key://hunter2!",
		"credentials in it":             "awskms://me:hunter2@alias/x",
		"no URI":                        "awskms://%hunter2",
		"an option AWS does not know":   "awskms://alias/x?region=eu-west-1&colour=red",
		"an option of the wrong form":   "awskms://alias/x?region=eu-west-1&fips=maybe",
		"a key for the local one twice": local("k") + "?x=hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := secrets.Open(t.Context(), uri, storetest.SQLite(t))
			requireCode(t, sb.Invalid, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestALocalKeyIsTakenInBothAlphabets(t *testing.T) {
	t.Parallel()
	raw := []byte(strings.Repeat("\xfb\xff\xfe\x00", 8))
	s := storetest.SQLite(t)
	m := makeWith(t, open(t, "base64key://"+base64.StdEncoding.EncodeToString(raw), s))
	requireGood(t, open(t, "base64key://"+base64.URLEncoding.EncodeToString(raw), s), m)
	requireGood(t, open(t, "base64key://"+base64.RawURLEncoding.EncodeToString(raw)+"\n", s), m)
}
