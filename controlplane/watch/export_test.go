package watch

import (
	"context"
	"time"

	sb "signalbox"
)

// Looker is the watching of an orchestrator, a step at a time.
type Looker struct{ l *looker }

// Take takes over the watching.
func Take(ctx context.Context, b *Bridge, o sb.Orchestrator) (*Looker, error) {
	w, err := b.store.TakeWatch(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	installation, err := b.store.Installation(ctx)
	return &Looker{newLooker(b, w, installation)}, err
}

// Round looks once.
func (l *Looker) Round(ctx context.Context) error { return l.l.round(ctx) }

// Collect collects logs that are due.
func (l *Looker) Collect(ctx context.Context) error { return l.l.collectDue(ctx) }

// Hurry gives what is asked about single runs in a round so much time.
func (l *Looker) Hurry(most time.Duration) { l.l.askFor = most }
