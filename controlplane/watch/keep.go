package watch

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const keepEvery = 15 * time.Second

// Watched is something that is to be watched.
type Watched struct{ ID, Name string }

// Keeping says what is to be watched, and how that begins.
type Keeping struct {
	What  string                                           // in one word, for the log
	Topic sb.Topic                                         // of notes that name a new one
	List  func(ctx context.Context) ([]Watched, error)     // all of them
	Start func(ctx context.Context, id, name string) error // somewhere; that it goes on already is fine
	Notes func(ctx context.Context) <-chan sb.Note
}

// Keeper sees to it that everything of a kind is watched. Any number of replicas may.
type Keeper struct {
	Keeping
	log *logrus.Entry
}

// NewKeeper makes a keeper.
func NewKeeper(k Keeping, log *logrus.Entry) *Keeper { return &Keeper{k, log} }

// Run keeps them watched until ctx is done.
func (k *Keeper) Run(ctx context.Context) error {
	notes := k.Notes(ctx)
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	known := map[string]bool{}
	k.all(ctx, known)
	for {
		select {
		case <-ctx.Done():
			return nil
		case n, ok := <-notes:
			if !ok {
				notes = nil
			}
			if n.Topic == k.Topic && !known[n.ID] {
				k.all(ctx, known)
			}
		case <-tick.C:
			k.all(ctx, known)
		}
	}
}

func (k *Keeper) all(ctx context.Context, known map[string]bool) {
	list, err := k.List(ctx)
	if err != nil {
		return // the next round comes
	}
	for _, w := range list {
		err := k.Start(ctx, w.ID, w.Name)
		known[w.ID] = err == nil
		if err != nil && ctx.Err() == nil {
			k.log.WithError(err).WithField(k.What, w.Name).Warn("it is not watched; that is tried again")
		}
	}
}

// Outside lists the orchestrators that we do not own.
func Outside(all func(context.Context) ([]sb.Orchestrator, error)) func(context.Context) ([]Watched, error) {
	return func(ctx context.Context) ([]Watched, error) {
		places, err := all(ctx)
		var list []Watched
		for _, o := range places {
			if o.Kind != sb.Builtin {
				list = append(list, Watched{o.ID, o.Name})
			}
		}
		return list, err
	}
}
