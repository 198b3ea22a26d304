package flyte

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/flyte/flytetest"
	"signalbox/adapters/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fast lets tests ask as often as they like.
var fast = map[outbound.Share]float64{outbound.Polls: 1e6, outbound.Stops: 1e6, outbound.Dispatches: 1e6}

// registered is an adapter for a server, with more settings as JSON members, each after a comma.
func registered(t *testing.T, url, config, secrets string) *Adapter {
	t.Helper()
	a, err := assemble(
		json.RawMessage(fmt.Sprintf(`{"url": %q, "project": %q, "domain": %q%s}`, url, flytetest.Project, flytetest.Domain, config)),
		json.RawMessage(secrets), surroundings{now: time.Now, rates: fast},
	)
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	return a
}

// targets are the launch plans of the stand-in by kind.
func targets() map[string]sb.Target {
	return map[string]sb.Target{
		adaptertest.OK: {LaunchPlan: flytetest.OK}, adaptertest.Fail: {LaunchPlan: flytetest.Fail},
		adaptertest.Mapped: {LaunchPlan: flytetest.Mapped, Version: flytetest.Version}, adaptertest.Sleep: {LaunchPlan: flytetest.Sleep},
		adaptertest.Params: {LaunchPlan: flytetest.Params}, adaptertest.Missing: {LaunchPlan: "sb.not_there"},
	}
}

func TestTheStandInOfFlyte1PassesTheContract(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, func(t *testing.T) adaptertest.Subject {
		s := flytetest.Start(t)
		return subject(t, s, s.URL)
	})
}

func TestItPassesBehindAProxyThatLeavesOutWhichCasingIsAskedFor(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, func(t *testing.T) adaptertest.Subject {
		s := flytetest.Start(t)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Accept", "*/*")
			s.ServeHTTP(w, r)
		}))
		t.Cleanup(proxy.Close)
		return subject(t, s, proxy.URL)
	})
}

func subject(t *testing.T, s *flytetest.Server, url string) adaptertest.Subject {
	t.Helper()
	return adaptertest.Subject{
		Adapter: registered(t, url, "", ""), Targets: targets(), NoLogs: true, Typed: true, Settle: 20 * time.Millisecond,
		Delete: func(_ testing.TB, at sb.Place) { s.Delete(at.Name) },
		Lose:   func(testing.TB, sb.Submission) { s.LoseAnswer("CreateExecution") },
	}
}
