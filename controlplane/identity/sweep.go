package identity

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	sweepEvery = time.Minute
	sweepMost  = 1000 // of each kind in one transaction
	sweepTimes = 50   // transactions of one sweep; what is left waits for the next
)

// SweepStore forgets what logins left behind.
type SweepStore interface {
	// ForgetLogins removes at most limit of each of what has come to its end: logins that were begun, used assertions,
	// requests of programs, and sessions, also those that were not used for longer than idle. It tells how many that were
	// of the kind that had most. Errors: Unavailable.
	ForgetLogins(ctx context.Context, idle time.Duration, limit int) (int, error)
}

// Sweep forgets what logins left behind, whether anybody logs in or not. Any number of replicas may sweep.
type Sweep struct {
	store SweepStore
	idle  time.Duration
	log   logrus.FieldLogger
}

// NewSweep makes a Sweep of sessions that may not be used for so long; 0 is 12 h. Run starts it.
func NewSweep(store SweepStore, idle time.Duration, log logrus.FieldLogger) *Sweep {
	if idle == 0 {
		idle = defaultIdle
	}
	return &Sweep{store: store, idle: idle, log: log}
}

// Run sweeps at once and then every minute, until ctx is done.
func (s *Sweep) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Once(ctx); err != nil && ctx.Err() == nil {
			s.log.WithError(err).Warn("what logins left behind cannot be swept now; it is tried again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Once sweeps, a thousand of each kind at a time.
func (s *Sweep) Once(ctx context.Context) error {
	for range sweepTimes {
		if n, err := s.store.ForgetLogins(ctx, s.idle, sweepMost); err != nil || n < sweepMost {
			return err
		}
	}
	return nil
}
