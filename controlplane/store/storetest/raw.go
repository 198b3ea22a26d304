package storetest

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // Postgres for database/sql
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // SQLite for database/sql
)

// raw is a connection past the store, for what no port does: to make what another part will make, and to look at what
// no port shows. It ends with the test.
func (w *world) raw(t *testing.T) *sql.DB {
	t.Helper()
	driver, url := "sqlite", "file:"+w.options.URL+"?_pragma=busy_timeout(10000)"
	if shared(w.options) {
		driver, url = "pgx", w.options.URL
	}
	db, err := sql.Open(driver, url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// sql runs one statement.
func (w *world) sql(t *testing.T, statement string) {
	t.Helper()
	_, err := w.raw(t).ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// number reads one number.
func (w *world) number(t *testing.T, query string) (n int64) {
	t.Helper()
	require.NoError(t, w.raw(t).QueryRowContext(t.Context(), query).Scan(&n))
	return n
}
