// Package store is the database behind the control plane's ports: SQLite for one process, Postgres for several
// replicas. An exported method is one transaction; lower-case functions hold the SQL. Callers pass pure functions,
// never a transaction, so that rules stay outside and locks stay inside. After a commit the notes of what changed are
// sent to who waits for them.
//
// Times are kept as microseconds in UTC. Lists are read by keyset, never by offset. Ids are ULIDs, each with fresh
// randomness, so that one says nothing about the next.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oklog/ulid/v2"
	"github.com/sirupsen/logrus"
	"github.com/uptrace/bun"

	sb "signalbox"
)

// Options say which database to open.
type Options struct {
	URL string             // postgres://…, or the path of an SQLite file; "" is signalbox.db in Dir
	Dir string             // for an empty URL
	Now func() time.Time   // instead of the time that decides; for tests
	Log logrus.FieldLogger // hears of lost listeners; nil is silent

	Migrations fs.FS // instead of this program's, as migrations/sqlite and migrations/postgres; for tests
}

// Store is an open database. It is safe for use by several goroutines; on Postgres also by several replicas. An SQLite
// file belongs to one process.
type Store struct {
	read    *bun.DB         // on Postgres the same as write
	write   *bun.DB         // on SQLite one connection
	turn    chan struct{}   // on SQLite: who holds it may write; nil on Postgres
	listen  *pgx.ConnConfig // on Postgres: where notes are heard
	now     func() time.Time
	hub     hub
	observe func(before, after sb.Run)
	log     logrus.FieldLogger
	schema  fs.FS // the migrations
	closers []func() error

	manifests manifests
	operators operators
}

// Open opens the database; it does not migrate it. Errors: Invalid (the URL), Unavailable.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log, schema: o.Migrations, hub: newHub(), observe: func(sb.Run, sb.Run) {}}
	if s.log == nil {
		s.log = silent()
	}
	if s.schema == nil {
		s.schema = migrations
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	switch scheme, _, found := strings.Cut(o.URL, "://"); {
	case scheme == "postgres" || scheme == "postgresql":
		return s.openPostgres(ctx, o.URL)
	case found && scheme != "file":
		return sb.Errorf(sb.Invalid, "a database URL begins with postgres://, or is the path of an SQLite file")
	}
	return s.openSQLite(ctx, sqlitePath(o))
}

// Observe sets who hears of every committed change of a run, in this process; it is set before the store is used.
func (s *Store) Observe(f func(before, after sb.Run)) { s.observe = f }

// Close ends all connections. Nothing may use the store any more.
func (s *Store) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// Listen hears the notes of all replicas until ctx is done; on SQLite there are none to hear.
func (s *Store) Listen(ctx context.Context) error {
	if s.listen != nil {
		return s.hear(ctx)
	}
	<-ctx.Done()
	return nil
}

// Ready tells whether the database answers, has a schema that this program serves, and can be written: that only shows
// by a write.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return tidy(err)
	}
	if err := s.CheckSchema(ctx); err != nil {
		return err
	}
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		// A row of its own: nobody who holds another makes this wait.
		_, err := t.NewRaw("INSERT INTO leases (name, holder, expires_at) VALUES ('ready', '', 0) ON CONFLICT (name) DO UPDATE SET expires_at = 0").Exec(ctx)
		return err
	})
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the database cannot be written")
	}
	return nil
}

// Installation gives the short random id of this database, made once, so that what runs elsewhere under our names is
// ours for certain.
func (s *Store) Installation(ctx context.Context) (string, error) {
	var id string
	err := s.read.NewRaw("SELECT id FROM installation").Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", sb.Errorf(sb.Unavailable, "the database is not migrated")
	}
	return id, tidy(err)
}

// Now is the time that decides: the database's on Postgres, this process's on SQLite. UTC, microseconds.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	t, err := s.nowIn(ctx, s.read)
	return timeAt(t), tidy(err)
}

// nowIn reads the time that decides, in microseconds.
func (s *Store) nowIn(ctx context.Context, q bun.IDB) (int64, error) {
	if s.here() {
		return s.hereNow(), nil
	}
	var t int64
	err := q.NewRaw("SELECT ?", s.nowSQL()).Scan(ctx, &t)
	return t, err
}

// nowSQL is the time that decides as an expression, in microseconds.
func (s *Store) nowSQL() bun.Safe {
	if s.here() {
		return bun.Safe(strconv.FormatInt(s.hereNow(), 10))
	}
	return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
}

// here tells whether this process's clock decides.
func (s *Store) here() bool { return s.now != nil || s.listen == nil }

func (s *Store) hereNow() int64 {
	if s.now != nil {
		return s.now().UnixMicro()
	}
	return time.Now().UnixMicro()
}

// newID makes an id that begins with the time and has fresh randomness.
func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// orNewID keeps an id that the caller has chosen.
func orNewID(id string) string {
	if id != "" {
		return id
	}
	return newID()
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func microsOf(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return micros(*t)
}

func timeAt(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func timeOf(us int64) *time.Time {
	if us == 0 {
		return nil
	}
	t := timeAt(us)
	return &t
}
