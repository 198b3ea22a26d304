package forms

import (
	"context"
	"sync"
	"time"

	sb "signalbox"
)

// forgetEvery is how often old questions are forgotten.
const forgetEvery = 10 * time.Second

// bells wake who waits for a note. One reader of notes rings for all.
type bells struct {
	mu      *sync.Mutex
	waiting map[sb.Note]map[chan struct{}]struct{}
}

func newBells() bells { return bells{new(sync.Mutex), map[sb.Note]map[chan struct{}]struct{}{}} }

// listen gives a channel that holds something after each such note, until stop is called.
func (b bells) listen(n sb.Note) (rings <-chan struct{}, stop func()) {
	bell := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting[n] == nil {
		b.waiting[n] = map[chan struct{}]struct{}{}
	}
	b.waiting[n][bell] = struct{}{}
	return bell, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waiting[n], bell)
		if len(b.waiting[n]) == 0 {
			delete(b.waiting, n)
		}
	}
}

func (b bells) ring(n sb.Note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for bell := range b.waiting[n] {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// Run wakes who waits here for a question or an answer, and forgets old ones, until ctx is done.
func (s *Forms) Run(ctx context.Context) error {
	notes := s.store.Notes(ctx)
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case note, open := <-notes:
			if !open {
				return nil
			}
			if note.Topic == anyPlugin.Topic {
				note = anyPlugin
			}
			s.bells.ring(note)
		case <-tick.C:
			_ = s.store.ForgetQuestions(ctx) // the next one does it
		}
	}
}
