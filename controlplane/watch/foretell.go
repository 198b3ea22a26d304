package watch

import (
	"context"
	"slices"
	"time"

	sb "signalbox"
)

// foretell asks which targets would start nothing now: those that runs wait for, and the first routes'.
func (l *looker) foretell(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter, now time.Time) {
	f, can := adapter.(sb.Foreteller)
	if !can || now.Sub(l.blocked) < blockedEvery {
		return
	}
	targets, err := l.store.Targets(ctx, l.id)
	if err != nil {
		return // the next round asks again
	}
	l.blocked = now
	for _, r := range o.Routes[:min(len(o.Routes), routesAsked)] {
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
	}
	blocked := map[string]string{}
	for _, t := range targets {
		why, err := f.Blocked(ctx, t)
		switch sb.CodeOf(err) {
		case "":
		case sb.NotFound:
			why = message(err)
		default:
			why = l.w.Blocked[t.Key()] // as it was
		}
		if why != "" {
			blocked[t.Key()] = why
		}
	}
	l.w.Blocked = blocked
}
