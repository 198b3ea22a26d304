package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	sb "signalbox"
)

const (
	channel    = "signalbox" // of NOTIFY, one for each database
	listenSoon = 100 * time.Millisecond
	listenLate = 5 * time.Second
)

// openPostgres opens a pool. Statements carry their values in their text, so each is one round trip, also through a
// pooler that shares connections between transactions.
func (s *Store) openPostgres(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return sb.Errorf(sb.Invalid, "the Postgres URL cannot be read") // the cause would quote the password
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	config.ConnConfig.RuntimeParams["standard_conforming_strings"] = "on" // texts are written for it, whatever the server's default
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "Postgres cannot be reached")
	}
	db := bun.NewDB(stdlib.OpenDBFromPool(pool), pgText{pgdialect.New()}, bun.WithDiscardUnknownColumns(), bun.WithConnResolver(ambience{s}))
	s.closers = append(s.closers, db.Close, func() error { pool.Close(); return nil })
	s.read, s.write, s.listen = db, db, config.ConnConfig.Copy()
	return tidy(db.PingContext(ctx))
}

// pgText writes any text as SQL.
type pgText struct{ *pgdialect.Dialect }

// AppendString writes a text; see plainText.
func (d pgText) AppendString(b []byte, s string) []byte {
	return d.Dialect.AppendString(b, plainText(s))
}

// hear passes on the notes of all replicas, this one included, until ctx is done. When the connection is lost it
// connects again, later and later; the notes in between are lost, as notes may be.
func (s *Store) hear(ctx context.Context) error {
	wait := listenSoon
	for ctx.Err() == nil {
		began := time.Now()
		err := s.hearOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > listenLate {
			wait = listenSoon
		}
		s.log.WithError(err).Warn("The connection that hears of changes in the database is lost; connecting again.")
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, listenLate)
	}
	return nil
}

func (s *Store) hearOnce(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.listen.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.hub.send(readNotes(n.Payload)...)
	}
}

// pgFault sorts the faults of Postgres as sqliteFault does.
func pgFault(err error) fault {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return noFault
	}
	switch e.Code {
	case "23505":
		return doubled
	case "40001", "40P01":
		return raced
	case "55P03": // a lock was not to be had
		return away
	}
	switch e.Code[:2] {
	case "08", "25", "53", "57", "58": // 25: it only reads now, or ended the transaction itself
		return away
	}
	return broken
}
