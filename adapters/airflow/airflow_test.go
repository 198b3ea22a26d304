package airflow

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/adapters/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// versions are those that the stand-in was made from.
var versions = []string{"2.10.3", "3.3.1"}

// fast lets tests ask as often as they like.
var fast = map[outbound.Share]float64{outbound.Polls: 1e6, outbound.Stops: 1e6, outbound.Dispatches: 1e6}

// registered is an adapter for a server, with more settings as JSON members, each after a comma.
func registered(t *testing.T, url, config string) *Adapter {
	t.Helper()
	a, err := assemble(
		json.RawMessage(fmt.Sprintf(`{"url": %q, "username": "admin"%s}`, url, config)), json.RawMessage(`{"password": "admin"}`),
		surroundings{now: time.Now, rates: fast},
	)
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	return a
}

// targets are the DAGs of the stand-in and of the real servers by kind.
func targets() map[string]sb.Target {
	all := map[string]sb.Target{adaptertest.Missing: {DAG: "sb_not_there"}}
	for kind, dag := range map[string]string{
		adaptertest.OK: airflowtest.OK, adaptertest.Fail: airflowtest.Fail, adaptertest.BigLog: airflowtest.BigLog,
		adaptertest.Mapped: airflowtest.Mapped, adaptertest.Paused: airflowtest.Paused, adaptertest.Limited: airflowtest.Limited,
		adaptertest.Sleep: airflowtest.Sleep, adaptertest.Chain: airflowtest.Chain, adaptertest.Params: airflowtest.Params,
	} {
		all[kind] = sb.Target{DAG: dag}
	}
	return all
}

func TestTheStandInPassesTheContract(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, func(t *testing.T) adaptertest.Subject {
				s := airflowtest.Start(t, version)
				return adaptertest.Subject{
					Adapter: registered(t, s.URL, ""), Targets: targets(), Settle: 50 * time.Millisecond,
					Delete: func(_ testing.TB, at sb.Place) { s.Delete(at.Target.DAG, at.Name) },
					Clear:  func(_ testing.TB, at sb.Place) { s.Clear(at.Target.DAG, at.Name) },
					Lose:   func(testing.TB, sb.Submission) { s.LoseAnswer("POST", "/dagRuns") },
				}
			})
		})
	}
}

func TestHowLongAPageIs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		version, auth string
		size          int
	}{
		{"2.10.3", byPassword, 500},
		{"2.11.2", byToken, 500},
		{"3.0.6", byPassword, 100},
		{"3.1.8", byComposer, 100},
		{"3.2.0", byPassword, 500},
		{"3.3.1", byKeycloak, 500},
		{"2.10.3", byMWAA, 200},
		{"3.1.0", byMWAA, 100},
		{"3.3.1", byMWAA, 200},
	} {
		v, known := readVersion(row.version)
		require.True(t, known)
		a := &Adapter{set: settings{config: config{Auth: row.auth}}}
		require.Equal(t, row.size, a.pageSize(v), "%s with %s", row.version, row.auth)
	}
}
