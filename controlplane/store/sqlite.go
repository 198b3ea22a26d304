package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	sb "signalbox"
)

const sqliteReaders = 8

// sqlitePath is the file an SQLite database lies in.
func sqlitePath(o Options) string {
	if o.URL == "" {
		return filepath.Join(o.Dir, "signalbox.db")
	}
	return strings.TrimPrefix(strings.TrimPrefix(o.URL, "file://"), "file:")
}

// openSQLite opens a file with one connection that writes and a pool that reads: several writers would only wait for
// each other, asleep. The file is readable for its owner alone.
func (s *Store) openSQLite(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the database file %s cannot be opened", path)
	}
	if err := f.Close(); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the database file %s cannot be opened", path)
	}
	s.turn = make(chan struct{}, 1)
	if s.write, err = s.sqlitePool(path, 1, "_txlock=immediate"); err != nil {
		return err
	}
	if err := s.write.PingContext(ctx); err != nil { // sets the journal mode before anyone reads
		return tidy(err)
	}
	s.read, err = s.sqlitePool(path, sqliteReaders, "_pragma=query_only(1)")
	return err
}

func (s *Store) sqlitePool(path string, size int, extra string) (*bun.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + extra +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=cache_size(-16384)&_pragma=mmap_size(268435456)&_pragma=temp_store(MEMORY)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the database file %s cannot be opened", path)
	}
	s.closers = append(s.closers, db.Close)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return bun.NewDB(db, sqliteText{sqlitedialect.New()}, bun.WithDiscardUnknownColumns(), bun.WithConnResolver(ambience{s})), nil
}

// sqliteFault sorts the faults of SQLite: those that a second try may heal, those of a row that exists already, others.
func sqliteFault(err error) fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return noFault
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return doubled
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return raced
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_READONLY:
		return away
	}
	return broken
}

// sqliteText writes any text as SQL.
type sqliteText struct{ *sqlitedialect.Dialect }

// AppendString writes a text; see plainText.
func (d sqliteText) AppendString(b []byte, s string) []byte {
	return d.Dialect.AppendString(b, plainText(s))
}

// plainText puts a replacement character in the place of what no database keeps in a text.
func plainText(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

func silent() logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}
