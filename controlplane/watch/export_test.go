package watch

import (
	"context"
	"time"

	sb "signalbox"
)

// Looker is the watching of an orchestrator, a step at a time.
type Looker struct {
	l     *looker
	turns map[sb.AttemptRef]int
}

// Take takes over the watching.
func Take(ctx context.Context, b *Bridge, o sb.Orchestrator) (*Looker, error) {
	w, err := b.store.TakeWatch(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	installation, err := b.store.Installation(ctx)
	return &Looker{l: newLooker(b, w, installation)}, err
}

// Round looks once.
func (l *Looker) Round(ctx context.Context) error { return l.l.round(ctx) }

// Collect collects logs that are due.
func (l *Looker) Collect(ctx context.Context) error { return l.l.collectDue(ctx) }

// Hurry gives what is asked about single runs in a round so much time.
func (l *Looker) Hurry(most time.Duration) { l.l.askFor = most }

// Tally counts tasks, as one turn of it does.
func (l *Looker) Tally(ctx context.Context) error {
	if l.turns == nil {
		l.turns = map[sb.AttemptRef]int{}
	}
	return l.l.tally(ctx, l.turns)
}

// NextTurn chooses runs whose tasks are counted now.
var NextTurn = nextTurn

// CollectMost is how many logs are collected in one turn.
const CollectMost = collectMost

// LiveFor is how long a log that was read live is shown again.
const LiveFor = liveFor
