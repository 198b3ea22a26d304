package runs

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	sb "signalbox"
)

const (
	progressEvery = 250 * time.Millisecond // how long a turn of the pace lasts
	progressLast  = 5 * time.Second        // for storing what waits when the process ends
)

// pace thins out progress: of each attempt one word is stored in a turn, and the latest of those that come sooner waits
// for the next. It holds one word at most for each attempt of the last turn. While nobody turns it, nothing waits.
type pace struct {
	mu   sync.Mutex
	over bool                      // nobody turns it any more
	turn map[sb.AttemptRef]*saying // attempts with a word stored in this turn, and what waits; nil: nobody turned it yet
}

// saying is a word about progress.
type saying struct {
	by       sb.Process
	progress sb.Progress
}

// holds tells whether a word waits. If not, it is to be stored now.
func (p *pace) holds(s saying) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn == nil || p.over {
		return false
	}
	if _, stored := p.turn[s.by.AttemptRef]; !stored {
		p.turn[s.by.AttemptRef] = nil
		return false
	}
	p.turn[s.by.AttemptRef] = &s
	return true
}

// next begins the next turn, unless it was the last one, and names the attempts of which a word waits to be taken.
func (p *pace) next(last bool) []sb.AttemptRef {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := map[sb.AttemptRef]*saying{}
	for ref, s := range p.turn {
		if s != nil {
			waiting[ref] = s
		}
	}
	p.turn, p.over = waiting, last
	return slices.Collect(maps.Keys(waiting))
}

// take gives what waits of an attempt; it waits no longer.
func (p *pace) take(ref sb.AttemptRef) *saying {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.turn[ref]
	if s != nil {
		p.turn[ref] = nil
	}
	return s
}

// again lets a word that could not be stored wait once more, unless a later one does.
func (p *pace) again(s saying) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over && p.turn[s.by.AttemptRef] == nil {
		p.turn[s.by.AttemptRef] = &s
	}
}

// Run stores the progress that waits, until ctx is done; then all of it at once. While it does not run, progress is
// stored as it comes.
func (w *Work) Run(ctx context.Context) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		w.turn(ctx, false)
		select {
		case <-ctx.Done():
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), progressLast)
			defer cancel()
			w.turn(late, true)
			return nil
		case <-tick.C:
		}
	}
}

// turn begins the next turn, unless it was the last one, and stores what has waited for it.
func (w *Work) turn(ctx context.Context, last bool) {
	for _, ref := range w.pace.next(last) {
		w.storeWaiting(ctx, ref)
	}
}

// storeWaiting stores what waits of an attempt, also before a word that may end it, after which it would come too late:
// when it returns, nothing of the attempt is on its way to the store any more. The sender has his answer already: what cannot
// be stored now waits again; if it counts no more, nobody misses it.
func (w *Work) storeWaiting(ctx context.Context, ref sb.AttemptRef) {
	w.storing.Lock()
	defer w.storing.Unlock()
	s := w.pace.take(ref)
	if s == nil {
		return
	}
	if _, err := w.store.SetProgress(ctx, s.by, s.progress); sb.CodeOf(err) == sb.Unavailable {
		w.pace.again(*s)
	}
}
