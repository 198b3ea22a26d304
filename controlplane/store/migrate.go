package store

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base32"
	"encoding/json"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	sb "signalbox"
)

// migrations are a folder for each database. A release has at most one more than the release before; see
// docs/development.md for what it may do.
//
//go:embed migrations
var migrations embed.FS

// BuiltinName is the name of the orchestrator that every database has from the beginning.
const BuiltinName = "builtin"

const (
	builtinQuota  = 8
	lockEverySec  = 1 // how often a migration asks for the lock that another holds
	lockAtMostSec = 600
)

// Migrate brings the schema to this program's version, and makes what every database has: its installation id, the
// settings and the builtin orchestrator. On Postgres one replica migrates at a time; others wait.
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if have, want, err := s.versions(ctx, p); err != nil || have > want {
		return orNewer(err, have, want)
	}
	if _, err := p.Up(ctx); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the database cannot be migrated")
	}
	return s.change(ctx, seed)
}

// CheckSchema tells whether this program serves the database's schema: its own version or the one before.
func (s *Store) CheckSchema(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	have, want, err := s.versions(ctx, p)
	if err != nil {
		return orNewer(err, have, want)
	}
	return serves(have, want)
}

func serves(have, want int64) error {
	switch {
	case have > want:
		return orNewer(nil, have, want)
	case have < 1 || have < want-1:
		return sb.Errorf(sb.Unavailable, "the database's schema has version %d, this program needs %d: run `signalbox migrate`", have, want)
	}
	return nil
}

func orNewer(err error, have, want int64) error {
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the version of the database's schema cannot be read")
	}
	return sb.Errorf(sb.Unavailable, "the database's schema has version %d, newer than this program's %d: use a newer program", have, want)
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.listen != nil {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEverySec, lockAtMostSec/lockEverySec))
		if err != nil {
			return nil, err
		}
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
		options = append(options, goose.WithSessionLocker(locker))
	}
	sub, err := fs.Sub(s.schema, dir)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.write.DB, sub, options...)
}

// versions reads the version of the database's schema, 0 for none, and tells that of this program.
func (s *Store) versions(ctx context.Context, p *goose.Provider) (have, want int64, err error) {
	sources := p.ListSources()
	want = sources[len(sources)-1].Version
	err = s.read.NewRaw("SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(ctx, &have)
	if faultOf(err) == broken {
		return 0, want, nil // no such table: nothing was migrated yet
	}
	return have, want, err
}

// seed makes what every database has. It does so once: what admins change or rename later stays so.
func seed(ctx context.Context, t *tx) error {
	n, err := t.exec(ctx, "INSERT INTO installation (one, id, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING", shortID(), t.now)
	if err != nil || n == 0 {
		return err
	}
	if err := insertSettings(ctx, t, sb.DefaultSettings()); err != nil {
		return err
	}
	routes, err := json.Marshal([]sb.Route{{Operators: []string{"*"}, Target: sb.Target{Pool: sb.DefaultPool}}})
	if err != nil {
		return err
	}
	return insert(ctx, t, &orchestratorRow{
		ID: newID(), Name: BuiltinName, Kind: string(sb.Builtin), Enabled: true, Quota: builtinQuota,
		Config: "{}", Routes: string(routes), CreatedAt: t.now, UpdatedAt: t.now,
	})
}

// shortID makes eight characters, fit for names at other systems.
func shortID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b)
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))
}
