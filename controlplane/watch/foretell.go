package watch

import (
	"context"
	"slices"
	"time"

	sb "signalbox"
)

// foretell asks which targets would start nothing now: those that runs wait for, and the first routes'. Of many it asks some
// in each round.
func (l *looker) foretell(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter, now time.Time) {
	f, can := adapter.(sb.Foreteller)
	if !can {
		return
	}
	if !l.changed.Equal(o.UpdatedAt) { // other routes, or another way there
		l.changed, l.untried, l.blocked = o.UpdatedAt, nil, time.Time{}
	}
	if (len(l.untried) == 0 || now.Sub(l.blocked) > blockedAnew) && !l.chooseTargets(ctx, o, now) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, l.askFor)
	defer cancel()
	for len(l.untried) > 0 && ctx.Err() == nil {
		t := l.untried[0]
		l.untried = l.untried[1:]
		if !l.askAbout(ctx, f, t) {
			l.untried = append(l.untried, t)
			return
		}
	}
}

// chooseTargets lists the targets to be asked about, when it is time again.
func (l *looker) chooseTargets(ctx context.Context, o sb.Orchestrator, now time.Time) bool {
	if now.Sub(l.blocked) < blockedEvery {
		return false
	}
	targets, err := l.store.Targets(ctx, l.id)
	if err != nil {
		return false // the next round asks again
	}
	for _, r := range o.Routes[:min(len(o.Routes), routesAsked)] {
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
	}
	l.blocked, l.untried = now, targets
	still := map[string]string{}
	for _, t := range targets {
		if why := l.w.Blocked[t.Key()]; why != "" {
			still[t.Key()] = why
		}
	}
	l.w.Blocked = still
	return true
}

// askAbout asks about one target, and tells whether there was an answer. Without one it stays as it was.
func (l *looker) askAbout(ctx context.Context, f sb.Foreteller, t sb.Target) (answered bool) {
	why, err := f.Blocked(ctx, t)
	switch sb.CodeOf(err) {
	case "":
	case sb.NotFound:
		why = message(err)
	default:
		return false
	}
	if delete(l.w.Blocked, t.Key()); why != "" {
		l.w.Blocked[t.Key()] = why
	}
	return true
}
