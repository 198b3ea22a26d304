package identity_test

import (
	"context"
	"testing"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// remains are what logins left behind.
type remains struct {
	left  int
	swept []int
	idle  time.Duration
	fails error
	done  context.CancelFunc // after the first
}

func (r *remains) ForgetLogins(_ context.Context, idle time.Duration, limit int) (int, error) {
	n := min(limit, r.left)
	r.left -= n
	r.swept, r.idle = append(r.swept, n), idle
	if r.done != nil {
		r.done()
	}
	return n, r.fails
}

func TestASweepGoesOnUntilNothingIsLeftAndIsBounded(t *testing.T) {
	t.Parallel()
	log, told := logtest.NewNullLogger()
	r := &remains{left: 2500}
	require.NoError(t, identity.NewSweep(r, 0, log).Once(t.Context()))
	require.Equal(t, []int{1000, 1000, 500}, r.swept)
	require.Equal(t, 12*time.Hour, r.idle)

	r = &remains{left: 1_000_000}
	require.NoError(t, identity.NewSweep(r, time.Hour, log).Once(t.Context()))
	require.Equal(t, 950_000, r.left, "the rest waits for the next sweep")

	ctx, done := context.WithCancel(t.Context())
	r = &remains{left: 1, done: done}
	require.NoError(t, identity.NewSweep(r, time.Hour, log).Run(ctx))
	require.Equal(t, []int{1}, r.swept, "at once, not after a minute")
	require.Empty(t, told.AllEntries())

	r = &remains{fails: sb.Errorf(sb.Unavailable, "it restarts")}
	require.Equal(t, sb.Unavailable, sb.CodeOf(identity.NewSweep(r, time.Hour, log).Once(t.Context())))
}
