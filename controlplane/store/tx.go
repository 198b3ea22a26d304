package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// tries is how often a transaction is tried that lost a race.
const tries = 3

// errRaced says that another transaction was faster; the transaction begins again.
var errRaced = errors.New("another transaction was faster")

// tx is a transaction that writes, with the notes to send when it has been committed.
type tx struct {
	bun.Tx
	s     *Store
	now   int64 // the time that decides, read when the transaction began
	notes []sb.Note
	moves []move // for the observer
}

// move is a change of a run.
type move struct{ before, after sb.Run }

// change runs f in a transaction that writes, again if it lost a race; Unavailable, for it may be tried again, when it
// lost each. f may run several times, so it must not change
// anything outside before it returns. On SQLite the writer's turn is waited for no longer than ctx lasts; once the
// transaction has begun it goes to its end, for a connection that is interrupted in the middle could keep it open.
//
// What reads or changes with the context that f gets does so in the same transaction. What the context demands of its
// actor is demanded before f.
func (s *Store) change(ctx context.Context, f func(context.Context, *tx) error) error {
	return s.changeAt(ctx, sql.LevelDefault, func(ctx context.Context, t *tx) error {
		if err := t.demand(ctx); err != nil {
			return err
		}
		return f(ctx, t)
	})
}

// changeAt is change at an isolation level.
func (s *Store) changeAt(ctx context.Context, level sql.IsolationLevel, f func(context.Context, *tx) error) error {
	if t := s.ambient(ctx); t != nil {
		return tidy(f(ctx, t))
	}
	var err error
	for range tries {
		if err = s.changeOnce(ctx, level, f); !lostRace(err) {
			return tidy(err)
		}
	}
	return sb.Wrap(err, sb.Unavailable, "it is being changed by others; try again")
}

func (s *Store) changeOnce(ctx context.Context, level sql.IsolationLevel, f func(context.Context, *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.turn != nil {
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
		ctx = context.WithoutCancel(ctx)
	}
	t := &tx{s: s}
	err := s.write.RunInTx(ctx, &sql.TxOptions{Isolation: level}, func(ctx context.Context, b bun.Tx) (err error) {
		t.Tx = b
		ctx = context.WithValue(ctx, ambient{}, t)
		if t.now, err = s.nowIn(ctx, b); err != nil {
			return err
		}
		if err = f(ctx, t); err != nil {
			return err
		}
		return t.notify(ctx)
	})
	if err != nil {
		return err
	}
	if s.listen == nil {
		s.hub.send(t.notes...)
	}
	for _, m := range t.moves {
		s.observe(m.before, m.after)
	}
	return nil
}

// demand judges the actor of a context once more. It holds the organisation, so that whoever was demoted before changes
// nothing, and whoever is now is so afterwards.
func (t *tx) demand(ctx context.Context) error {
	may := sb.DemandOf(ctx)
	if may == nil {
		return nil
	}
	if err := t.lockOrganisation(ctx); err != nil {
		return err
	}
	list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: sb.OriginOf(ctx).Actor.ID}})
	if err != nil {
		return err
	}
	return may(list[0])
}

// ambient is the key of the transaction that is open in a context.
type ambient struct{}

// ambient gives the store's transaction that is open in a context; nil outside of one.
func (s *Store) ambient(ctx context.Context) *tx {
	if t, ok := ctx.Value(ambient{}).(*tx); ok && t.s == s {
		return t
	}
	return nil
}

// ambience lets what reads inside of a transaction read there: from another connection it would see what others have
// committed meanwhile and not what was changed, and it could wait for that connection while it holds a lock.
type ambience struct{ s *Store }

// ResolveConn gives the open transaction; nil for any connection.
func (a ambience) ResolveConn(ctx context.Context, _ bun.Query) bun.IConn {
	if t := a.s.ambient(ctx); t != nil {
		return t.Tx.Tx
	}
	return nil
}

// Close is of bun's interface.
func (a ambience) Close() error { return nil }

// notify sends the notes with the commit where other replicas hear them.
func (t *tx) notify(ctx context.Context) error {
	if t.s.listen == nil || len(t.notes) == 0 {
		return nil
	}
	_, err := t.NewRaw("SELECT pg_notify(?, n) FROM unnest(string_to_array(?, chr(10))) AS n", channel, writeNotes(t.notes)).Exec(ctx)
	return err
}

// note sends a note after the commit.
func (t *tx) note(notes ...sb.Note) { t.notes = append(t.notes, notes...) }

// lock holds a row, if there is one, until the end of the transaction. SQLite has one writer anyway.
func (t *tx) lock(ctx context.Context, table, key, value string) error {
	if t.s.listen == nil {
		return nil
	}
	_, err := t.exec(ctx, "SELECT 1 FROM ? WHERE ? = ? FOR NO KEY UPDATE", bun.Ident(table), bun.Ident(key), value)
	return err
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.NewRaw(query, args...).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// view runs f on one snapshot of the database.
func (s *Store) view(ctx context.Context, f func(context.Context, bun.IDB) error) error {
	if t := s.ambient(ctx); t != nil {
		return tidy(f(ctx, t))
	}
	if s.turn != nil {
		ctx = context.WithoutCancel(ctx) // as in change: an interrupted connection could keep its snapshot
	}
	o := &sql.TxOptions{ReadOnly: true, Isolation: s.snapshot()}
	return tidy(s.read.RunInTx(ctx, o, func(ctx context.Context, b bun.Tx) error { return f(ctx, b) }))
}

// snapshot is the isolation of a transaction that sees one state of the database from its beginning to its end, besides
// what it changes itself. On SQLite each does.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.listen != nil {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// fault sorts what a database says went wrong.
type fault int

const (
	noFault fault = iota // it is not the database that speaks
	doubled              // such a row exists
	raced                // another transaction was faster
	away                 // it cannot serve now
	broken               // it does not understand us: our fault
)

func faultOf(err error) fault {
	if f := sqliteFault(err); f != noFault {
		return f
	}
	return pgFault(err)
}

func lostRace(err error) bool {
	return err != nil && (errors.Is(err, errRaced) || faultOf(err) == raced)
}

// tidy gives each error a code.
func tidy(err error) error {
	var known *sb.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case faultOf(err) == doubled:
		return sb.Wrap(err, sb.Conflict, "it exists already")
	case faultOf(err) == broken:
		return sb.Wrap(err, sb.Internal, "the database refused a statement")
	}
	return sb.Wrap(err, sb.Unavailable, "the database cannot be reached, or did not answer in time")
}

// passed is the point behind a committed transaction, at which the kill tests end the process.
func passed(point string, err error) error {
	if err == nil {
		sb.FaultPoint(point)
	}
	return err
}
