package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// events is the stream of runs, and for admins of plugins, that change. It carries ids only; who wants more reads what changed.
type events struct {
	life    Runs
	access  Access
	notes   Notes
	again   func(context.Context) (sb.Principal, error)
	closing <-chan struct{}
}

// Changed names something that changed.
type Changed struct {
	Kind sb.Topic `json:"kind"`
	ID   string   `json:"id"`
}

func (h events) stream(_ context.Context, _ *none) (*huma.StreamResponse, error) {
	return streamOf(h.closing, h.follow), nil //nolint:contextcheck // a stream lives with its connection
}

func (h events) follow(ctx context.Context, f feed) error {
	notes := h.notes.Notes(ctx)
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			// Whose key has ended is shown the door also when nothing happens.
			if _, err := h.again(ctx); err != nil {
				return err
			}
			if err := f.comment(); err != nil {
				return err
			}
		case note, open := <-notes:
			if !open {
				return nil
			}
			if err := h.tell(ctx, f, gather(note, notes)); err != nil {
				return err
			}
		}
	}
}

// gather takes what else is there already, each thing once and in order, so that a burst costs one reading of rights.
func gather(first sb.Note, notes <-chan sb.Note) []sb.Note {
	var changed []sb.Note
	seen := map[sb.Note]bool{}
	add := func(n sb.Note) {
		if (n.Topic == sb.TopicRun || n.Topic == sb.TopicPlugin) && !seen[n] {
			seen[n] = true
			changed = append(changed, n)
		}
	}
	for add(first); len(changed) < 1000; {
		select {
		case n, open := <-notes:
			if !open {
				return changed
			}
			add(n)
		default:
			return changed
		}
	}
	return changed
}

// tell reads the rights again for every event: who may not hear of a run now does not.
func (h events) tell(ctx context.Context, f feed, changed []sb.Note) error {
	if len(changed) == 0 {
		return nil
	}
	who, err := h.again(ctx)
	if err != nil {
		return err
	}
	for _, n := range changed {
		if !h.mayHear(ctx, who, n) {
			continue
		}
		if err := f.event("", "", Changed{Kind: n.Topic, ID: n.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (h events) mayHear(ctx context.Context, who sb.Principal, n sb.Note) bool {
	if n.Topic == sb.TopicPlugin {
		return h.access.Check(sb.Facts{Principal: who}, sb.ActAdminister) == nil
	}
	return h.life.MayHear(ctx, who, n.ID)
}
