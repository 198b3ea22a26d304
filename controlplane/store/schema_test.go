package store_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

var databases = map[string]storetest.Fresh{
	"sqlite": func(t *testing.T) store.Options {
		t.Helper()
		return store.Options{URL: filepath.Join(t.TempDir(), "test.db")}
	},
	"postgres": func(t *testing.T) store.Options {
		t.Helper()
		return store.Options{URL: storetest.Postgres(t)}
	},
}

// ours reads this program's migrations.
func ours(t *testing.T) fstest.MapFS {
	t.Helper()
	files, err := filepath.Glob("migrations/*/*.sql")
	require.NoError(t, err)
	all := fstest.MapFS{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all[file] = &fstest.MapFile{Data: text}
	}
	return all
}

// names are the migrations of a database, in order.
func names(all fstest.MapFS, database string) []string {
	var list []string
	for file := range all {
		if dir, name := path.Split(file); dir == "migrations/"+database+"/" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

var table = regexp.MustCompile(`CREATE TABLE (\w+)`)

// later gives the migrations of the nth release after this one: each adds a column to every table, a table and an index.
func later(t *testing.T, releases int) fstest.MapFS {
	t.Helper()
	all := ours(t)
	for database := range databases {
		var texts strings.Builder
		have := names(all, database)
		for _, name := range have {
			texts.Write(all["migrations/"+database+"/"+name].Data)
		}
		for n := range releases {
			up := "-- +goose Up\n"
			for _, found := range table.FindAllStringSubmatch(texts.String(), -1) {
				up += fmt.Sprintf("ALTER TABLE %s ADD COLUMN later%d TEXT NOT NULL DEFAULT 'x';\n", found[1], n)
			}
			up += fmt.Sprintf("CREATE TABLE later%d (id TEXT NOT NULL PRIMARY KEY);\nCREATE INDEX runs_later%d ON runs (later%d, id);\n", n, n, n)
			all[fmt.Sprintf("migrations/%s/%05d_later.sql", database, len(have)+1+n)] = &fstest.MapFile{Data: []byte(up)}
		}
	}
	return all
}

// open opens a database by the program with these migrations.
func open(t *testing.T, o store.Options, all fstest.MapFS) *store.Store {
	t.Helper()
	o.Migrations = all
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newDataset(t *testing.T, s *store.Store, name string) {
	t.Helper()
	_, err := s.CreateDataset(t.Context(), sb.Dataset{Name: name, DefaultPermission: sb.NoAccess})
	require.NoError(t, err)
}

// The way of an upgrade: the new program is started on the schema before its own, next to the old one; then it migrates.
func TestAProgramServesItsOwnSchemaAndTheOneBefore(t *testing.T) {
	t.Parallel()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := fresh(t)
			now := open(t, o, ours(t))
			require.NoError(t, now.Migrate(t.Context()))

			next := open(t, o, later(t, 1))
			require.NoError(t, next.Ready(t.Context()), "the schema before its own")
			newDataset(t, next, "before")
			require.NoError(t, now.Ready(t.Context()))

			afterNext := open(t, o, later(t, 2))
			refuses(t, afterNext.Ready(t.Context()), "run `signalbox migrate`")

			require.NoError(t, next.Migrate(t.Context()))
			require.NoError(t, next.Ready(t.Context()), "its own schema")
			newDataset(t, next, "after")
			require.NoError(t, afterNext.Ready(t.Context()), "one before its own now")

			refuses(t, now.Ready(t.Context()), "newer than this program's")
			refuses(t, now.Migrate(t.Context()), "newer than this program's")
			newDataset(t, now, "until it is asked whether it is ready, it does no harm")
		})
	}
}

func refuses(t *testing.T, err error, why string) {
	t.Helper()
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.ErrorContains(t, err, why)
}

// A migration adds what the release after it will use. So this program must do all it promises without the newest one.
func TestEverythingWorksOnTheSchemaBefore(t *testing.T) {
	t.Parallel()
	before := ours(t)
	for database := range databases {
		list := names(before, database)
		if len(list) == 1 {
			t.Skip("the first release has no schema before its own")
		}
		delete(before, "migrations/"+database+"/"+list[len(list)-1])
	}
	everythingWorks(t, before)
}

// What a later migration adds is in nobody's way who does not know it yet.
func TestEverythingWorksWithWhatALaterMigrationAdds(t *testing.T) {
	t.Parallel()
	everythingWorks(t, later(t, 1))
}

func everythingWorks(t *testing.T, all fstest.MapFS) {
	t.Helper()
	if !testing.Short() {
		t.Skip("the whole suite once more, with many random lives, takes minutes: `make test` runs it with few")
	}
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "postgres" {
				storetest.Postgres(t) // keeps the server between the tests
			}
			storetest.Run(t, func(t *testing.T) store.Options {
				t.Helper()
				o := fresh(t)
				o.Migrations = all
				return o
			})
		})
	}
}

func TestBothDatabasesHaveTheSameMigrationsWithoutGaps(t *testing.T) {
	t.Parallel()
	all := ours(t)
	require.Equal(t, names(all, "sqlite"), names(all, "postgres"))
	for i, name := range names(all, "sqlite") {
		require.Equal(t, fmt.Sprintf("%05d_", i+1), name[:6])
	}
}
