package queue

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const departedEvery = 10 * time.Second

// Rejecting rejects the runs that wait for a dataset that was deleted or a plugin that was uninstalled, a few at a time:
// whoever deleted it does not wait for them. Admission takes none of them meanwhile. Any number of replicas may do so.
type Rejecting struct {
	store Departed
	notes Notes
	log   *logrus.Entry
}

// NewRejecting makes it.
func NewRejecting(store Departed, notes Notes, log *logrus.Entry) *Rejecting {
	return &Rejecting{store: store, notes: notes, log: log}
}

// Run rejects until ctx is done. A sweep finds what a lost note, or a process that was killed, left behind.
func (r *Rejecting) Run(ctx context.Context) error {
	notes := r.notes.Notes(ctx)
	tick := time.NewTicker(departedEvery)
	defer tick.Stop()
	r.all(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.all(ctx)
		case n, ok := <-notes:
			if !ok {
				return nil
			}
			if n.Topic == sb.TopicDeparted {
				r.all(ctx)
			}
		}
	}
}

func (r *Rejecting) all(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = r.store.RejectWaiting(ctx); err != nil && ctx.Err() == nil {
			r.log.WithError(err).Warn("runs of what is gone could not be rejected; it is tried again")
		}
		if more {
			sb.FaultPoint("reject.after")
		}
	}
}
