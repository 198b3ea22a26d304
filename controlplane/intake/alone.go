package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	sb "signalbox"
)

const (
	putOffFirst = 5 * time.Second
	putOffMost  = 5 * time.Minute
)

// putOff is an operation that something is wrong with alone: it waits for its next try, and no other with it.
type putOff struct {
	until time.Time
	wait  time.Duration
	why   string
}

// itsOwn tells whether an error is that of one operation, not of a database.
func itsOwn(err error) bool {
	code := sb.CodeOf(err)
	return code == sb.Invalid || code == sb.TooLarge
}

// alone does something for one operation. An error of its own is noted and waited out, so that only what keeps all of them
// from being told comes back.
func (l *watcher) alone(ctx context.Context, id string, do func() error) error {
	before, was := l.putOff[id]
	if was {
		now, err := l.store.Now(ctx)
		if err != nil || now.Before(before.until) {
			return err
		}
	}
	err := do()
	if !itsOwn(err) {
		delete(l.putOff, id)
		return err
	}
	now, failed := l.store.Now(ctx)
	if failed != nil {
		return failed
	}
	wait := min(max(2*before.wait, putOffFirst), putOffMost)
	l.putOff[id] = putOff{until: now.Add(wait), wait: wait, why: message(err)}
	l.options.Log.WithError(err).WithField("source", l.source.Name).WithField("operation", id).Warn("an operation is put off; the others go on")
	return nil
}

// puttingOff tells what is put off and why; "" for nothing.
func (l *watcher) puttingOff() string {
	ids := slices.Sorted(maps.Keys(l.putOff))
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("Operation %s is put off: %s.", ids[0], l.putOff[ids[0]].why)
	}
	return fmt.Sprintf("%d operations are put off. Operation %s: %s.", len(ids), ids[0], l.putOff[ids[0]].why)
}
