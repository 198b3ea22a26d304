package api

import "sync"

// watchers counts who watches the log of which run on this replica, so that the work sends it more often.
type watchers struct {
	mu   sync.Mutex
	runs map[string]int
}

func newWatchers() *watchers { return &watchers{runs: map[string]int{}} }

// add counts one watcher until the function it returns is called.
func (w *watchers) add(run string) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[run]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.runs[run]--; w.runs[run] == 0 {
			delete(w.runs, run)
		}
	}
}

func (w *watchers) any(run string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[run] > 0
}
