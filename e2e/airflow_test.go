//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/client"
	"signalbox/controlplane/store/storetest"
)

// register registers a stand-in for Airflow as a user would, with a route of its own for each operator of the dummy plugin.
func (w *world) register(airflow *airflowtest.Server, routes ...string) {
	w.t.Helper()
	password := filepath.Join(w.t.TempDir(), "password")
	require.NoError(w.t, os.WriteFile(password, []byte(airflowtest.Admin+"\n"), 0o600))
	args := []string{
		"orchestrators", "add", "prod", "--kind", "airflow", "--set", "url=" + airflow.URL, "--set", "auth=password", "--set", "username=" + airflowtest.Admin,
		"--set", "poll_seconds=1", "--secret-file", "password=" + password,
	}
	for _, r := range routes {
		args = append(args, "--route", r)
	}
	out, code := w.cli(args...)
	require.Zero(w.t, code, out)
	require.NotContains(w.t, out, airflowtest.Admin+"\n", "no credential is shown")
}

// there schedules a run of the dummy plugin on the registered orchestrator.
func (w *world) there(operator string) client.Run {
	w.t.Helper()
	run, err := w.client.Runs.Schedule(w.t.Context(), client.Draft{Operator: dummy + operator, Orchestrator: "prod"})
	require.NoError(w.t, err)
	return run
}

// logged waits until a run's log was collected.
func (w *world) logged(id string) {
	w.t.Helper()
	w.await(id, "logged", func(client.Run) bool {
		log, err := w.client.Runs.Logs(w.t.Context(), id)
		return err == nil && log.Size > 0
	})
}

// resulted waits until a run has the result of an "ok" that ran elsewhere. It comes with the end, or a little later when
// there was no time to ask for it.
func (w *world) resulted(id string) {
	w.t.Helper()
	w.await(id, "told its result", func(r client.Run) bool { return strings.Contains(string(r.Result), `"n":1`) })
}

// timeline tells what happened to a run, in words.
func (w *world) timeline(id string) string {
	w.t.Helper()
	out, code := w.cli("runs", "events", id)
	require.Zero(w.t, code, out)
	return out
}

func TestRunsGoToAirflowAndComeBack(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.10.3", "3.3.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			airflow := airflowtest.Start(t, version)
			w := newWorld(t)
			w.dev()
			w.install("dummy")
			w.register(airflow, dummy+"ok="+airflowtest.OK, dummy+"fail="+airflowtest.Fail, dummy+"sleep="+airflowtest.Sleep, dummy+"hang="+airflowtest.Paused)

			out, code := w.cli("orchestrators", "probe", "prod")
			require.Contains(t, out, "reachable", "%d", code)

			ok, fail, sleep := w.there("ok"), w.there("fail"), w.there("sleep")
			done := w.over(ok.ID)
			require.Equal(t, sb.Completed, done.Status, w.timeline(ok.ID))
			w.resulted(ok.ID)
			failed := w.over(fail.ID)
			require.Equal(t, sb.FailError, failed.Failure.Kind, w.timeline(fail.ID))

			w.status(sleep.ID, sb.Running)
			_, err := w.client.Runs.Stop(t.Context(), sleep.ID)
			require.NoError(t, err)
			stopped := w.over(sleep.ID)
			require.Equal(t, sb.FailStopped, stopped.Failure.Kind, w.timeline(sleep.ID))

			w.logged(ok.ID)

			paused := w.there("hang")
			w.await(paused.ID, "told to wait", func(client.Run) bool {
				why, _ := w.cli("runs", "why", paused.ID)
				return strings.Contains(why, "paused in Airflow")
			})
			out, code = w.cli("orchestrators", "drift", "prod")
			require.Zero(t, code, out)
			require.Contains(t, out, version)
		})
	}
}

func TestAKilledServerLosesNoRunOfAirflow(t *testing.T) {
	t.Parallel()
	airflow := airflowtest.Start(t, "3.3.1")
	w := newWorld(t)
	n := w.dev()
	w.install("dummy")
	w.register(airflow, "*="+airflowtest.Sleep)
	run := w.there("sleep")
	w.status(run.ID, sb.Running)
	n.kill()
	airflow.Finish()
	w.dev()
	done := w.over(run.ID)
	require.Equal(t, sb.Completed, done.Status, w.timeline(run.ID))
	require.Equal(t, 1, done.Attempt)
}

// thereAndBack are the fault points that an external run passes, in the order of its life: each right after a transaction,
// or between a call there and the transaction that tells of it; and what goes wrong there, so that it comes to that. How the
// log is finished after that is the same for all runs.
var thereAndBack = []struct {
	point  string
	refuse string // the end of the first path that is answered with status 500
	dag    string
}{
	{"schedule.after", "", airflowtest.OK},
	{"admit.after", "", airflowtest.OK},
	{"dispatch.started", "", airflowtest.OK},
	{"dispatch.after", "", airflowtest.OK},
	{"submit.named", "", airflowtest.OK},
	{"delay.after", "/dagRuns", airflowtest.OK},
	{"submit.sent", "", airflowtest.OK},
	{"submit.after", "", airflowtest.OK},
	{"observe.after", "", airflowtest.OK},
	{"watch.kept:3", "", airflowtest.OK},
	{"tally.kept", "", airflowtest.Chain},
	{"seen.end", "", airflowtest.OK},
	{"found.late", "/return_value", airflowtest.OK},
	{"chunk.put", "", airflowtest.Mapped},
	{"chunk.after", "", airflowtest.Mapped},
	{"collect.piece", "", airflowtest.Mapped},
	{"collect.put", "", airflowtest.OK},
	{"collect.kept", "", airflowtest.OK},
	{"log.done", "", airflowtest.OK},
}

// refuse answers the first request whose path ends so with an error.
func refuse(airflow *airflowtest.Server, suffix string) {
	var once sync.Once
	airflow.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) (dealt bool) {
		if suffix != "" && strings.HasSuffix(r.URL.Path, suffix) {
			once.Do(func() {
				w.WriteHeader(http.StatusInternalServerError)
				dealt = true
			})
		}
		return dealt
	})
}

// insist schedules a run there, however often the server goes down meanwhile.
func (w *world) insist(operator string) <-chan client.Run {
	answer := make(chan client.Run, 1)
	go func() {
		for w.t.Context().Err() == nil {
			run, err := w.client.Runs.Schedule(w.t.Context(), client.Draft{Operator: dummy + operator, Orchestrator: "prod", IdempotencyKey: "once"})
			if err == nil {
				answer <- run
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return answer
}

func TestAServerDiesOnTheWayToAirflowAt(t *testing.T) {
	t.Parallel()
	for _, row := range thereAndBack {
		t.Run(row.point, func(t *testing.T) {
			t.Parallel()
			airflow := airflowtest.Start(t, "3.3.1")
			refuse(airflow, row.refuse)
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + row.point)
			w.install("dummy")
			w.register(airflow, "*="+row.dag)
			answer := w.insist("ok")
			n.killed()
			w.dev()
			run := <-answer
			if row.dag == airflowtest.Chain { // it goes on by itself until then
				airflow.Finish()
			}
			done := w.over(run.ID)
			require.Equal(t, sb.Completed, done.Status, w.timeline(run.ID))
			require.Equal(t, 1, done.Attempt)
			require.Equal(t, 1, airflow.Runs(row.dag, "signalbox-"), "it was started once")
			w.logged(run.ID)
			if row.dag == airflowtest.OK {
				w.resulted(run.ID)
			}
			w.nothingHeld()
		})
	}
}

func TestAServerDiesWhileAStopIsOnItsWayToAirflow(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"stop.after", "stop.sent"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			airflow := airflowtest.Start(t, "2.10.3")
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + point)
			w.install("dummy")
			w.register(airflow, "*="+airflowtest.Chain)
			run := w.there("ok")
			w.status(run.ID, sb.Running)
			_, _ = w.client.Runs.Stop(t.Context(), run.ID) // its answer may be lost
			n.killed()
			w.dev()
			require.Equal(t, sb.FailStopped, w.over(run.ID).Failure.Kind, w.timeline(run.ID))
			w.nothingHeld()
		})
	}
}

func TestAnotherReplicaGoesOnWatching(t *testing.T) {
	t.Parallel()
	airflow := airflowtest.Start(t, "3.3.1")
	c := newCluster(t, storetest.Postgres(t), 2, binary(t))
	nodes := c.serve()
	w := c.replicas[0]
	w.install("dummy")
	w.register(airflow, "*="+airflowtest.Sleep)
	for _, dies := range []int{0, 1} { // one of them watches
		run := w.there("sleep")
		w.status(run.ID, sb.Running)
		nodes[dies].kill()
		airflow.Finish()
		other := c.replicas[1-dies]
		began := time.Now()
		done := other.over(run.ID)
		require.Equal(t, sb.Completed, done.Status)
		require.Equal(t, 1, done.Attempt)
		require.Less(t, time.Since(began), time.Minute)
		nodes[dies] = c.replicas[dies].start("serve")
	}
}

func TestAServerDiesWhileASlotIsReleased(t *testing.T) {
	t.Parallel()
	airflow := airflowtest.Start(t, "3.3.1")
	w := newWorld(t)
	w.path = faulty(t)
	n := w.dev("SIGNALBOX_FAULT=release.after")
	w.install("dummy")
	w.register(airflow, "*="+airflowtest.Sleep)
	run := w.there("sleep")
	w.status(run.ID, sb.Running)
	_, _ = w.client.Runs.Release(t.Context(), run.ID) // its answer is lost
	n.killed()
	w.dev()
	require.Equal(t, sb.FailLost, w.over(run.ID).Failure.Kind, w.timeline(run.ID))
	w.nothingHeld()
	require.Equal(t, 1, airflow.Runs(airflowtest.Sleep, "signalbox-"))
}
