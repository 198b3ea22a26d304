//go:build e2e

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

// beat is longer than the time between two heartbeats of an attempt, in seconds.
const beat = 6

// onTheWay are the fault points that every run passes, in the order of its life: each right after a transaction, or
// between the two steps of one; and how long the run's work takes, in seconds.
var onTheWay = []struct {
	point    string
	seconds  float64
	operator string
}{
	{"schedule.after", 0, tell},
	{"admit.after", 0, tell},
	{"dispatch.started", 0, tell},
	{"dispatch.after", 0, tell},
	{"claim.after", 0, tell},
	{"start.after", 0, tell},
	{"progress.after", 0, tell},
	{"heartbeat.after", beat, tell},
	{"chunk.put", 0, tell},
	{"chunk.after", 0, tell},
	{"report.put", 0, tell},
	{"report.after", 0, tell},
	{"end.after", 0, tell},
	{"join.put", 1, chatter},
	{"join.after", 1, chatter},
	{"compact.put", 0, tell},
	{"compact.after", 0, tell},
	{"compact.dropped", 0, tell},
}

// accepted is an answer to a client that insists.
type accepted struct {
	run client.Run
	err error
}

// insistOn schedules a run in the background.
func (w *world) insistOn(operator string, seconds float64) <-chan accepted {
	answer := make(chan accepted, 1)
	go func() {
		run, err := w.accept(w.t.Context(), operator, seconds)
		answer <- accepted{run, err}
	}()
	return answer
}

// killed waits until a process has ended itself at its fault point.
func (n *node) killed() {
	n.t.Helper()
	select {
	case <-n.gone:
		require.Equal(n.t, -1, n.code, "it was to die by a signal:\n%s", n.out)
	case <-time.After(patience):
		n.t.Fatal("it did not reach its fault point")
	}
}

// onlyRun demands that the installation has one run, and that it completed.
func (w *world) onlyRun(id string) client.Run {
	w.t.Helper()
	run := w.completed(id)
	page, err := w.client.Runs.List(w.t.Context(), client.RunFilter{})
	require.NoError(w.t, err)
	require.Len(w.t, page.Items, 1, "the same key gives the same run")
	require.Greater(w.t, len(run.Result), 100_000)
	w.nothingHeld()
	w.marks.noneTwice(w.t)
	return run
}

func TestAllInOneProcessDiesAt(t *testing.T) {
	t.Parallel()
	for _, row := range onTheWay {
		t.Run(row.point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_LOG_CHUNKS=4", "SIGNALBOX_FAULT="+row.point)
			w.installMarks()
			answer := w.insistOn(row.operator, row.seconds)
			n.killed()
			w.dev()
			a := <-answer
			require.NoError(t, a.err)
			w.onlyRun(a.run.ID)
		})
	}
}

func TestAServerDiesAt(t *testing.T) {
	t.Parallel()
	for _, row := range onTheWay {
		t.Run(row.point, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "", 1, faulty(t))
			w := c.replicas[0]
			w.env = append(w.env, "SIGNALBOX_LOG_CHUNKS=4", "SIGNALBOX_FAULT="+row.point)
			n := c.serve()[0]
			c.worker("worker")
			answer := w.insistOn(row.operator, row.seconds)
			n.killed()
			w.start("serve", "SIGNALBOX_FAULT=")
			a := <-answer
			require.NoError(t, a.err)
			require.Equal(t, 1, w.onlyRun(a.run.ID).Attempt, "the worker lives on, and so does its work")
		})
	}
}

// A worker that dies with a task that it has not claimed yet leaves no trace but Temporal's silence.
func TestAWorkerDiesBeforeItClaims(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "", 1, binary(t))
	c.serve()
	n := c.worker("worker", "SIGNALBOX_FAULT=work.taken")
	w := c.replicas[0]
	run, err := w.accept(t.Context(), tell, 0)
	require.NoError(t, err)
	n.killed()
	c.worker("worker")
	began := time.Now()
	require.Equal(t, 2, w.onlyRun(run.ID).Attempt)
	require.Less(t, time.Since(began), time.Minute)
}

func TestItDiesWhilePeopleEndARun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		point string
		kind  sb.FailureKind
		end   func(w *world, id string)
	}{
		{"stop.after", sb.FailStopped, func(w *world, id string) { _, _ = w.client.Runs.Stop(w.t.Context(), id) }},
		{"mark.after", sb.FailMarked, func(w *world, id string) { _, _ = w.client.Runs.Fail(w.t.Context(), id) }},
	} {
		t.Run(row.point, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "", 1, faulty(t))
			w := c.replicas[0]
			w.env = append(w.env, "SIGNALBOX_FAULT="+row.point)
			n := c.serve()[0]
			c.worker("worker")
			run, err := w.accept(t.Context(), fragile, beat)
			require.NoError(t, err)
			w.status(run.ID, sb.Running)
			row.end(w, run.ID) // its answer is lost
			n.killed()
			w.start("serve", "SIGNALBOX_FAULT=")
			require.Equal(t, row.kind, w.over(run.ID).Failure.Kind)
			w.nothingHeld()
			c.marks.noneTwice(t)
			c.marks.ended(t, run.ID, 1)
		})
	}
}

// More runs wait for a dataset than are rejected in one transaction.
func TestItDiesWhileTheRunsOfADatasetAreRejected(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "", 1, faulty(t))
	w := c.replicas[0]
	w.env = append(w.env, "SIGNALBOX_FAULT=reject.after")
	n := c.serve()[0] // and no worker: they wait
	cats := "cats"
	d, err := w.client.Datasets.Create(t.Context(), client.DatasetPatch{Name: &cats})
	require.NoError(t, err)
	var last client.Run
	for range 101 {
		last, err = w.client.Runs.Schedule(t.Context(), client.Draft{Operator: tell, Dataset: d.ID})
		require.NoError(t, err)
	}
	_ = w.client.Datasets.Delete(t.Context(), d.ID) // its answer may be lost
	n.killed()
	w.start("serve", "SIGNALBOX_FAULT=")
	require.Equal(t, sb.FailRejected, w.over(last.ID).Failure.Kind)
	require.Eventually(t, func() bool {
		page, err := w.client.Runs.List(t.Context(), client.RunFilter{Statuses: []sb.Status{sb.Scheduled}})
		return err == nil && len(page.Items) == 0
	}, patience, 100*time.Millisecond)
}

func TestItDiesWhileAPluginIsInstalled(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"install.put", "install.after"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + point)
			_, err := w.client.Plugins.Install(t.Context(), bytes.NewReader(marksPlugin(t)), client.Install{})
			require.Equal(t, sb.Unavailable, sb.CodeOf(err))
			n.killed()
			w.dev()
			w.installMarks()
			plugin, err := w.client.Plugins.Get(t.Context(), "@test/marks")
			require.NoError(t, err)
			require.Equal(t, 1, plugin.Revision)
			run, err := w.accept(t.Context(), tell, 0)
			require.NoError(t, err)
			w.onlyRun(run.ID)
		})
	}
}

// What was decided about someone counts, and is on record, also when the answer was lost; asking again changes nothing.
func TestItDiesWhileRightsChange(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		point, action string
		decide        func(w *world) error
		decided       func(w *world, key string)
	}{
		{"role.after", "service_account.update", func(w *world) error {
			_, err := w.client.ServiceAccounts.Patch(w.t.Context(), "bot", client.AccountPatch{Role: new(sb.Admin)})
			return err
		}, func(w *world, key string) {
			me, err := w.as(key).Me.Get(w.t.Context())
			require.NoError(w.t, err)
			require.Equal(w.t, sb.Admin, me.Role)
		}},
		{"grant.after", "dataset.share", func(w *world) error {
			return w.client.Datasets.ShareWithUser(w.t.Context(), "cats", "bot", sb.CanEdit)
		}, func(w *world, key string) {
			_, err := w.as(key).Datasets.Get(w.t.Context(), "cats")
			require.NoError(w.t, err)
		}},
		{"removal.after", "service_account.delete", func(w *world) error {
			err := w.client.ServiceAccounts.Delete(w.t.Context(), "bot")
			if sb.CodeOf(err) == sb.NotFound {
				return nil
			}
			return err
		}, func(w *world, key string) {
			_, err := w.as(key).Me.Get(w.t.Context())
			require.Equal(w.t, sb.Unauthenticated, sb.CodeOf(err))
		}},
	} {
		t.Run(row.point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + row.point)
			key := w.bot()
			require.Equal(t, sb.Unavailable, sb.CodeOf(row.decide(w)))
			n.killed()
			w.dev()
			row.decided(w, key)
			page, err := w.client.Audit.List(t.Context(), client.AuditFilter{Action: row.action}, client.Paging{})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			require.NoError(t, row.decide(w))
			row.decided(w, key)
		})
	}
}

// What is told to be blanked out of a log is blanked out, also when whoever began it died, and nobody asks again.
func TestItDiesWhileALogIsBlankedOut(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"scrub.noted", "scrub.put"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + point)
			w.installMarks()
			run, err := w.accept(t.Context(), tell, 0)
			require.NoError(t, err)
			w.onlyRun(run.ID)
			before := w.log(run.ID)
			_, err = w.client.Runs.Scrub(t.Context(), run.ID, "line 17")
			require.Equal(t, sb.Unavailable, sb.CodeOf(err))
			n.killed()
			w.dev()
			require.Eventually(t, func() bool { return !strings.Contains(w.log(run.ID), "line 17") }, patience, 100*time.Millisecond)
			require.Equal(t, strings.ReplaceAll(before, "line 17", "*******"), w.log(run.ID))
			page, err := w.client.Audit.List(t.Context(), client.AuditFilter{Action: "run.scrub_log"}, client.Paging{})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
		})
	}
}

// bot makes a dataset that only its owner sees, and a service account; it gives the account's key.
func (w *world) bot() string {
	w.t.Helper()
	_, err := w.client.Datasets.Create(w.t.Context(), client.DatasetPatch{Name: new("cats"), DefaultPermission: new(sb.NoAccess)})
	require.NoError(w.t, err)
	_, err = w.client.ServiceAccounts.Create(w.t.Context(), client.AccountPatch{Name: new("bot"), Role: new(sb.Member)})
	require.NoError(w.t, err)
	key, err := w.client.ServiceAccounts.Keys("bot").Create(w.t.Context(), client.KeyDraft{Name: "key"})
	require.NoError(w.t, err)
	return key.Key
}

// as is a client with another key.
func (w *world) as(key string) *client.Client {
	w.t.Helper()
	c, err := client.New(client.Options{URL: w.url, Key: key})
	require.NoError(w.t, err)
	return c
}
