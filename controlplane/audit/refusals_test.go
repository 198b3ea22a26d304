package audit_test

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/audit"
)

// ledger counts refusals, as the audit log does, and how often it was written.
type ledger struct {
	mu     sync.Mutex
	counts map[string]int64
	writes int
	fails  error
}

func (l *ledger) KeepRefusals(_ context.Context, list []sb.Refusal) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes++
	for _, r := range list {
		if l.fails == nil {
			l.counts[r.Origin.Actor.ID+" "+r.Action] += r.Count
		}
	}
	return l.fails
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = err
}

func (l *ledger) state() (map[string]int64, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts), l.writes
}

// keeping gives Refusals that run until stop is called.
func keeping(t *testing.T) (l *ledger, r *audit.Refusals, stop func()) {
	t.Helper()
	log, _ := logtest.NewNullLogger()
	l = &ledger{counts: map[string]int64{}}
	r = audit.NewRefusals(l, log)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return l, r, stop
}

func refuse(t *testing.T, r *audit.Refusals, who, action string) {
	t.Helper()
	ctx := sb.WithOrigin(t.Context(), sb.Origin{Actor: sb.Who{ID: who}})
	require.NoError(t, r.Refuse(ctx, action, sb.Object{Kind: "plugins"}))
}

func TestRefusalsAreGathered(t *testing.T) {
	t.Parallel()
	l, r, _ := keeping(t)
	for range 5000 {
		refuse(t, r, "ann", "administer")
		refuse(t, r, "ann", "manage_dataset")
		refuse(t, r, "bob", "administer")
	}
	want := map[string]int64{"ann administer": 5000, "ann manage_dataset": 5000, "bob administer": 5000}
	require.Eventually(t, func() bool { got, _ := l.state(); return maps.Equal(want, got) }, 5*time.Second, 10*time.Millisecond)
	_, writes := l.state()
	require.Less(t, writes, 100, "however many there were")
}

func TestTheEndKeepsWhatIsLeftAndLosesNothingAfterwards(t *testing.T) {
	t.Parallel()
	l, r, stop := keeping(t)
	refuse(t, r, "ann", "administer")
	stop()
	got, _ := l.state()
	require.Equal(t, map[string]int64{"ann administer": 1}, got)
	refuse(t, r, "ann", "administer") // of a request that was still open
	got, _ = l.state()
	require.Equal(t, map[string]int64{"ann administer": 2}, got)
	l.fail(sb.Errorf(sb.Unavailable, "the disk is full"))
	require.Error(t, r.Refuse(t.Context(), "administer", sb.Object{Kind: "plugins"}))
}

func TestWhatIsLostAtTheEndIsTold(t *testing.T) {
	t.Parallel()
	log, told := logtest.NewNullLogger()
	l := &ledger{counts: map[string]int64{}, fails: sb.Errorf(sb.Unavailable, "the disk is full")}
	r := audit.NewRefusals(l, log)
	require.NoError(t, r.Refuse(t.Context(), "administer", sb.Object{ID: strings.Repeat("x", 1<<20)}))
	ctx, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, r.Run(ctx))
	require.Equal(t, logrus.ErrorLevel, told.LastEntry().Level)
}

func TestRefusalsWaitForADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	l, r, _ := keeping(t)
	l.fail(sb.Errorf(sb.Unavailable, "it restarts"))
	refuse(t, r, "ann", "administer")
	require.Eventually(t, func() bool { _, writes := l.state(); return writes > 0 }, 5*time.Second, 10*time.Millisecond)
	refuse(t, r, "ann", "administer")
	l.fail(nil)
	require.Eventually(t, func() bool { got, _ := l.state(); return got["ann administer"] == 2 }, 5*time.Second, 10*time.Millisecond)
}

func TestWhatWaitsIsBounded(t *testing.T) {
	t.Parallel()
	log, _ := logtest.NewNullLogger()
	l := &ledger{counts: map[string]int64{}}
	r := audit.NewRefusals(l, log) // nobody keeps what it holds
	for i := range 10_100 {
		refuse(t, r, strconv.Itoa(i), "administer")
	}
	got, _ := l.state()
	require.Len(t, got, 100, "the others are kept at once")
}
