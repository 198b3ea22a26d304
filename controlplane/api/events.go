package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// events is the stream of runs that change. It carries ids only; who wants more reads the run.
type events struct {
	life    Runs
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

// gather takes what else is there already, each run once and in order, so that a burst costs one reading of rights.
func gather(first sb.Note, notes <-chan sb.Note) []string {
	var ids []string
	seen := map[string]bool{}
	add := func(n sb.Note) {
		if n.Topic == sb.TopicRun && !seen[n.ID] {
			seen[n.ID] = true
			ids = append(ids, n.ID)
		}
	}
	for add(first); len(ids) < 1000; {
		select {
		case n, open := <-notes:
			if !open {
				return ids
			}
			add(n)
		default:
			return ids
		}
	}
	return ids
}

// tell reads the rights again for every event: who may not hear of a run now does not.
func (h events) tell(ctx context.Context, f feed, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	who, err := h.again(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !h.life.MayHear(ctx, who, id) {
			continue
		}
		if err := f.event("", "", Changed{Kind: sb.TopicRun, ID: id}); err != nil {
			return err
		}
	}
	return nil
}
