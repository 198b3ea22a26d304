package flyte

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/flyte/connecttest"
)

// clock is a time that passes by waiting alone.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return ctx.Err()
}

// connected is an adapter for a stand-in of Flyte 2.
func connected(t *testing.T, s *connecttest.Server) (*Adapter, *clock) {
	t.Helper()
	passing := &clock{at: time.Now()}
	a, err := assemble(
		json.RawMessage(fmt.Sprintf(`{"url": %q, "project": %q, "domain": %q}`, s.URL, connecttest.Project, connecttest.Domain)), nil,
		surroundings{now: passing.now, wait: passing.wait, rates: fast},
	)
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	return a, passing
}

func connectTargets() map[string]sb.Target {
	all := map[string]sb.Target{adaptertest.Missing: {Task: "signalbox.nowhere", Version: "v1"}}
	for kind, task := range map[string]string{
		adaptertest.OK: connecttest.OK, adaptertest.Fail: connecttest.Fail, adaptertest.BigLog: connecttest.BigLog,
		adaptertest.Mapped: connecttest.Mapped, adaptertest.Sleep: connecttest.Sleep, adaptertest.Params: connecttest.Params,
	} {
		all[kind] = sb.Target{Task: task, Version: "v1"}
	}
	return all
}

func TestTheStandInOfFlyte2PassesTheContract(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, func(t *testing.T) adaptertest.Subject {
		s := connecttest.Start(t)
		a, _ := connected(t, s)
		return adaptertest.Subject{
			Adapter: a, Targets: connectTargets(), Settle: 50 * time.Millisecond, Typed: true,
			Delete: func(_ testing.TB, at sb.Place) { s.Delete(at.Name) },
			Lose:   func(testing.TB, sb.Submission) { s.LoseAnswer("CreateRun") },
		}
	})
}
