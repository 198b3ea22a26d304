package watch

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const keepEvery = 15 * time.Second

// Places lists the orchestrators.
type Places interface {
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	Notes(ctx context.Context) <-chan sb.Note
}

// Starter starts the watching of an orchestrator somewhere; that it goes on already is fine. Errors: Unavailable.
type Starter interface {
	StartWatch(ctx context.Context, orchestratorID, name string) error
}

// Keeper sees to it that every orchestrator which we do not own is watched. Any number of replicas may.
type Keeper struct {
	places  Places
	starter Starter
	log     *logrus.Entry
}

// NewKeeper makes the keeper.
func NewKeeper(places Places, starter Starter, log *logrus.Entry) *Keeper {
	return &Keeper{places: places, starter: starter, log: log}
}

// Run keeps orchestrators watched until ctx is done.
func (k *Keeper) Run(ctx context.Context) error {
	notes := k.places.Notes(ctx)
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
			if n.Topic == sb.TopicWatch && !known[n.ID] {
				k.all(ctx, known)
			}
		case <-tick.C:
			k.all(ctx, known)
		}
	}
}

func (k *Keeper) all(ctx context.Context, known map[string]bool) {
	list, err := k.places.Orchestrators(ctx)
	if err != nil {
		return // the next round comes
	}
	for _, o := range list {
		if o.Kind == sb.Builtin {
			continue
		}
		err := k.starter.StartWatch(ctx, o.ID, o.Name)
		known[o.ID] = err == nil
		if err != nil && ctx.Err() == nil {
			k.log.WithError(err).WithField("orchestrator", o.Name).Warn("an orchestrator is not watched; it is tried again")
		}
	}
}
