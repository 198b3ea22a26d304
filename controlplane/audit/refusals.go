package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	keepEvery = time.Second // what a process that is killed forgets at most
	mostHeld  = 10_000      // kinds of refusals that wait to be kept
	mostText  = 1000        // bytes of an object's id while it waits; the log keeps fewer
)

// Refusals gathers refusals in memory and keeps them once a second, so that whoever is refused a thousand times a
// second makes the database write once. It is safe for use by several goroutines. Run keeps them.
type Refusals struct {
	store RefusalStore
	log   logrus.FieldLogger

	mu    sync.Mutex
	held  map[refused]sb.Refusal
	ended bool
}

// refused is what makes refusals equal, besides their minute.
type refused struct{ actor, action string }

// NewRefusals makes Refusals; Run starts it.
func NewRefusals(store RefusalStore, log logrus.FieldLogger) *Refusals {
	return &Refusals{store: store, log: log, held: map[refused]sb.Refusal{}}
}

// Refuse notes that the origin of the context was refused an act: it is kept within a second, and at once where too many
// others wait or Run has ended. Errors: Unavailable, when it was to be kept at once.
func (r *Refusals) Refuse(ctx context.Context, action string, object sb.Object) error {
	one := sb.Refusal{Origin: sb.OriginOf(ctx), Action: action, Object: object, Count: 1}
	if r.hold(one) {
		return nil
	}
	return r.store.KeepRefusals(ctx, []sb.Refusal{one})
}

func (r *Refusals) hold(one sb.Refusal) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := refused{one.Origin.Actor.ID, one.Action}
	first, seen := r.held[key]
	if r.ended || !seen && len(r.held) >= mostHeld {
		return false
	}
	if seen {
		first.Count++
		one = first
	} else {
		one.Object.ID = strings.Clone(one.Object.ID[:min(len(one.Object.ID), mostText)]) // who asks chooses it
	}
	r.held[key] = one
	return true
}

// Run keeps what was noted, once a second and at the end, until ctx is done.
func (r *Refusals) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.last(ctx)
			return nil
		case <-tick.C:
			if err := r.keep(ctx, r.take(false)); err != nil {
				r.log.WithError(err).Warn("refusals cannot be kept in the audit log now; it is tried again")
			}
		}
	}
}

// last keeps what is left; what comes later is kept at once.
func (r *Refusals) last(ctx context.Context) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	if err := r.keep(ctx, r.take(true)); err != nil {
		r.log.WithError(err).Error("refusals of the last second could not be kept in the audit log")
	}
}

// take empties what is held, in an order that is the same in every process, so that none waits for another in a circle.
func (r *Refusals) take(end bool) []sb.Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = end
	list := make([]sb.Refusal, 0, len(r.held))
	for _, one := range r.held {
		list = append(list, one)
	}
	clear(r.held)
	slices.SortFunc(list, func(a, b sb.Refusal) int {
		return cmp.Or(cmp.Compare(a.Origin.Actor.ID, b.Origin.Actor.ID), cmp.Compare(a.Action, b.Action))
	})
	return list
}

// keep keeps refusals; those that cannot be kept now wait for the next time.
func (r *Refusals) keep(ctx context.Context, list []sb.Refusal) error {
	var failures []error
	for part := range slices.Chunk(list, batch) {
		if err := r.store.KeepRefusals(ctx, part); err != nil {
			failures = append(failures, err)
			r.putBack(part)
		}
	}
	return errors.Join(failures...)
}

func (r *Refusals) putBack(list []sb.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range list {
		key := refused{one.Origin.Actor.ID, one.Action}
		one.Count += r.held[key].Count
		r.held[key] = one
	}
}
