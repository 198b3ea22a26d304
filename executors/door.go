package executors

import (
	"context"
	"sync"
	"time"

	sb "signalbox"
)

// rejectedMost is the longest time between two looks whether a rejected key is accepted again.
const rejectedMost = 30 * time.Second

// door says whether a worker may take attempts: not before the control plane had a chance to answer it, and not while
// its key is rejected. An attempt that is handed back costs the run one of its few tries, so nothing is taken that can
// only be handed back. Safe for use by several goroutines.
type door struct {
	mu       sync.Mutex
	open     chan struct{} // closed while attempts may be taken
	shut     chan struct{} // closed while none may be taken
	rejected bool
}

func newDoor() *door {
	d := &door{open: make(chan struct{}), shut: make(chan struct{})}
	close(d.shut)
	return d
}

// heard takes note of an answer to the worker's key, and tells whether its standing has changed. No answer at all says
// nothing about the key.
func (d *door) heard(err error) (changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rejected := sb.CodeOf(err) == sb.Unauthenticated || d.rejected && err != nil
	changed = rejected != d.rejected
	d.rejected = rejected
	switch {
	case rejected && closed(d.open):
		d.open = make(chan struct{})
		close(d.shut)
	case !rejected && !closed(d.open):
		d.shut = make(chan struct{})
		close(d.open)
	}
	return changed
}

// state gives the channels that are closed while the door is open and while it is shut.
func (d *door) state() (open, shut <-chan struct{}, rejected bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open, d.shut, d.rejected
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Open waits until the worker may take attempts. The channel closes when it may take none any more, because its key is
// rejected. Errors: that of ctx.
func (w *Worker) Open(ctx context.Context) (shut <-chan struct{}, err error) {
	for {
		open, shut, _ := w.door.state()
		select {
		case <-open:
			if !closed(shut) {
				return shut, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// heard takes note of an answer to the worker's key, and says once what it means.
func (w *Worker) heard(err error) {
	if !w.door.heard(err) {
		return
	}
	log := w.runner.Log.WithField("worker", w.settings.Name)
	if err == nil {
		log.Info("The control plane accepts this worker's key again: the worker takes work.")
		return
	}
	log.WithError(err).Error("The control plane rejects this worker's key: the worker takes no work until the key is accepted. " +
		"What it runs goes on. Put a valid orchestrator key into its key file; no restart is needed.")
}

// pace is how long the worker waits before it says again what it runs; 0 is as usual. While its key is rejected it
// begins short and doubles.
func (w *Worker) pace(last time.Duration) time.Duration {
	if _, _, rejected := w.door.state(); !rejected {
		return 0
	}
	return min(max(2*last, time.Second), rejectedMost)
}
