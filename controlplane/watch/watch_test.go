package watch_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/controlplane/logplaces"
	"signalbox/controlplane/runs/runstest"
	"signalbox/controlplane/watch"
	"signalbox/controlplane/watch/watchtest"
	"signalbox/logs"
)

// world is a small world with an orchestrator that is not ours, and who watches it.
type world struct {
	*runstest.World
	t       *testing.T
	there   *watchtest.Fake
	place   sb.Orchestrator
	bridge  *watch.Bridge
	looker  *watch.Looker
	output  *logs.Logs
	objects *blobs.Files
	folder  string // a log root of the orchestrator
	places  *logplaces.Places
	unread  error // why orchestrators cannot be read
}

// Open reads a log that stays where it is.
func (w *world) Open(ctx context.Context, run sb.Run, uri string) (io.ReadCloser, error) {
	found, err := w.places.Reported(ctx, w.place, uri)
	return found.ReadCloser, err
}

// adapters give the fake for every orchestrator.
type adapters struct{ w *world }

func (a adapters) Adapter(ctx context.Context, id string) (sb.Orchestrator, sb.Adapter, error) {
	if a.w.unread != nil {
		return sb.Orchestrator{}, nil, a.w.unread
	}
	o, err := a.w.Orchestrator(ctx, id)
	return o, a.w.there, err
}

var etl = sb.Target{DAG: "etl"}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{World: runstest.New(t), t: t, there: watchtest.New(), folder: t.TempDir()}
	foreign := blobs.NewForeign(http.DefaultTransport)
	t.Cleanup(func() { _ = foreign.Close() })
	w.places = logplaces.New(foreign, logplaces.Options{Most: 1 << 20})
	w.Work.ReadLogs(w.places)
	w.Clock.Pass(time.Hour) // signs of life of before count for nothing
	w.SeeWorkerNow(t)
	var err error
	w.place, err = w.CreateOrchestrator(t.Context(), sb.Orchestrator{
		Name: "prod", Kind: sb.Airflow, Enabled: true, Quota: 4, Config: json.RawMessage(`{"log_roots":["file://` + w.folder + `"]}`),
		Routes: []sb.Route{{Operators: []string{"*"}, Target: etl, Inputs: json.RawMessage(`{"who":"$params.name","data":"$dataset"}`)}},
	}, nil)
	require.NoError(t, err)
	w.objects, err = blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.objects.Close() })
	w.output = logs.New(w.Store, w.objects, w.Store, logs.Options{Now: w.Clock.Now, Mask: w.Work.Mask, Elsewhere: w})
	w.live(w.Work)
	return w
}

// live has the orchestrator watched anew, for a life.
func (w *world) live(life watch.Life) {
	w.t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	w.bridge = watch.New(w.Store, life, adapters{w}, watch.Logs{Kept: w.output, Elsewhere: w.places}, watch.Options{Pages: "https://signalbox.example.org/", Log: logrus.NewEntry(log)})
	var err error
	w.looker, err = watch.Take(w.t.Context(), w.bridge, w.place)
	require.NoError(w.t, err)
}

// sent schedules a run there and has it dispatched and submitted.
func (w *world) sent(with ...func(*sb.Draft)) sb.Run {
	w.t.Helper()
	run := w.queued(with...)
	ended, err := w.bridge.Submit(w.t.Context(), run.Ref())
	require.NoError(w.t, err)
	require.False(w.t, ended)
	return w.Get(w.t, run.ID)
}

// queued schedules a run there and has it dispatched.
func (w *world) queued(with ...func(*sb.Draft)) sb.Run {
	w.t.Helper()
	run := w.Schedule(w.t, append([]func(*sb.Draft){func(d *sb.Draft) { d.Orchestrator = "prod" }}, with...)...)
	w.admitThere()
	run = w.Get(w.t, run.ID)
	require.Equal(w.t, sb.Queued, run.Status)
	require.NoError(w.t, w.Work.Dispatched(w.t.Context(), run.Ref(), run.Ref().Name(), ""))
	return w.Get(w.t, run.ID)
}

func (w *world) admitThere() {
	w.t.Helper()
	_, err := w.Admit(w.t.Context(), w.place.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(w.t, err)
}

// look looks once, a moment later.
func (w *world) look(later time.Duration) {
	w.t.Helper()
	w.Clock.Pass(later)
	require.NoError(w.t, w.looker.Round(w.t.Context()))
}

func (w *world) set(run sb.Run, s sb.Sight, word string) {
	w.there.Set(run.Work.Ref, s, word, "")
}

func (w *world) requireState(id string, status sb.Status, state sb.WorkState, slot bool) sb.Run {
	w.t.Helper()
	run := w.Get(w.t, id)
	require.Equal(w.t, status, run.Status)
	require.Equal(w.t, state, run.Work.State)
	require.Equal(w.t, slot, run.Slot)
	return run
}

// said lists what the timeline says of one kind.
func (w *world) said(id string, kind sb.EventKind) (list []string) {
	w.t.Helper()
	events, err := w.Store.Events(w.t.Context(), id, 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		if e.Kind == kind {
			list = append(list, e.Message)
		}
	}
	return list
}

func TestARunGoesThereAndComesBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	installation, err := w.Installation(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.there.Name(installation, run.Ref()), run.Work.Ref)
	require.Equal(t, sb.WorkSubmitted, run.Work.State)
	sent := w.there.Sent(run.Work.Ref)
	require.JSONEq(t, `{"who":"World","data":"cats"}`, string(sent.Inputs))
	require.Equal(t, "Signalbox run "+run.ID+": "+run.Operator+" for "+run.CreatedBy.Name+"\nhttps://signalbox.example.org/runs/"+run.ID, sent.Note)

	w.look(time.Second)
	w.requireState(run.ID, sb.Queued, sb.WorkWaiting, true)
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	w.requireState(run.ID, sb.Running, sb.WorkActive, true)
	require.Len(t, w.said(run.ID, sb.EventStarted), 1)
	before := w.Get(t, run.ID).Version
	w.look(time.Second)
	require.Equal(t, before, w.Get(t, run.ID).Version, "nothing new is no change")
	require.Equal(t, w.Clock.Now(), *w.Get(t, run.ID).Work.SeenAt)

	w.set(run, sb.SeenSucceeded, "success")
	w.there.Return(run.Work.Ref, sb.Outcome{Completed: true, Result: json.RawMessage(`{"rows":3}`)})
	w.look(time.Second)
	done := w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
	require.JSONEq(t, `{"rows":3}`, string(done.Result))
}

func TestALostAnswerStartsItOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.queued()
	w.there.LoseNext()
	_, err := w.bridge.Submit(t.Context(), run.Ref())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.Len(t, w.said(run.ID, sb.EventDelayed), 1)
	w.look(time.Second)
	w.requireState(run.ID, sb.Queued, sb.WorkWaiting, true)
	ended, err := w.bridge.Submit(t.Context(), run.Ref())
	require.NoError(t, err)
	require.False(t, ended)
	require.Len(t, w.there.Names(), 1)
}

func TestWhatIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		code   sb.Code
		status sb.Status
		kind   sb.FailureKind
	}{
		"never to be accepted":        {sb.Invalid, sb.Failed, sb.FailRejected},
		"the name is another's":       {sb.Conflict, sb.Failed, sb.FailOrchestrator},
		"what it leads to is missing": {sb.NotFound, sb.Scheduled, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			run := w.queued(runstest.Of(runstest.Once))
			w.there.Refuse(sb.Errorf(row.code, "no"))
			ended, err := w.bridge.Submit(t.Context(), run.Ref())
			require.NoError(t, err)
			require.True(t, ended)
			run = w.Get(t, run.ID)
			require.Equal(t, row.status, run.Status)
			require.False(t, run.Slot)
			if row.kind != "" {
				require.Equal(t, row.kind, run.Failure.Kind)
			}
		})
	}
}

func TestCredentialsThatAreRefusedAreSaidOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.queued()
	w.there.Refuse(sb.Errorf(sb.Unauthenticated, "the password is refused"))
	for range 3 {
		_, err := w.bridge.Submit(t.Context(), run.Ref())
		require.Error(t, err)
	}
	require.Len(t, w.said(run.ID, sb.EventDelayed), 1)
	w.there.Refuse(nil)
	_, err := w.bridge.Submit(t.Context(), run.Ref())
	require.NoError(t, err)
	w.requireState(run.ID, sb.Queued, sb.WorkSubmitted, true)
}

func TestAStopCountsWhenItLasts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	_, err := w.Life.Stop(t.Context(), w.Ann, run.ID)
	require.NoError(t, err)
	w.there.Revive()
	ended, err := w.bridge.Stop(t.Context(), run.Ref())
	require.NoError(t, err)
	require.False(t, ended, "only a look tells")
	w.requireState(run.ID, sb.Failed, sb.WorkEnding, true)
	w.look(5 * time.Second) // failed; and then it goes on
	w.look(sb.StopAgain)
	w.requireState(run.ID, sb.Failed, sb.WorkEnding, true)
	require.Equal(t, 2, w.there.Calls("Stop"), "it is asked again")
	w.look(time.Second)
	w.look(sb.SettleFor - 2*time.Second)
	w.requireState(run.ID, sb.Failed, sb.WorkEnding, true)
	w.look(3 * time.Second)
	w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
}

func TestAStopBeforeAnythingWasSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.queued()
	_, err := w.Life.Stop(t.Context(), w.Ann, run.ID)
	require.NoError(t, err)
	ended, err := w.bridge.Stop(t.Context(), run.Ref())
	require.NoError(t, err)
	require.True(t, ended)
	w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
	ended, err = w.bridge.Submit(t.Context(), run.Ref())
	require.NoError(t, err)
	require.True(t, ended)
	require.Empty(t, w.there.Names())
}

func TestWhatIsGoneCountsAfterAMinute(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ran  bool
		kind sb.FailureKind
	}{"before it ran": {false, sb.FailOrchestrator}, "while it ran": {true, sb.FailLost}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			run := w.sent(runstest.Of(runstest.Once))
			if row.ran {
				w.set(run, sb.SeenActive, "running")
			}
			w.look(time.Second)
			w.there.Delete(run.Work.Ref)
			w.look(time.Second)
			w.look(sb.GoneFor - time.Second)
			require.False(t, w.Get(t, run.ID).Status.Terminal())
			w.look(time.Second)
			failed := w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
			require.Equal(t, row.kind, failed.Failure.Kind)
		})
	}
}

func TestATaskThatReportsDoesNotEndItself(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	p := sb.Process{AttemptRef: run.Ref(), Source: "extract", Try: 1}
	claimed, err := w.Work.Claim(t.Context(), w.place.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(t, err)
	require.Empty(t, claimed.EndToken)
	require.NoError(t, w.Work.Start(t.Context(), p, "", ""))
	require.NoError(t, w.Work.Complete(t.Context(), p, json.RawMessage(`{"rows":7}`), nil))
	require.Equal(t, sb.Forbidden, sb.CodeOf(w.Work.MayEnd(t.Context(), p)))
	w.requireState(run.ID, sb.Running, sb.WorkActive, true)
	w.set(run, sb.SeenSucceeded, "success")
	w.look(time.Second)
	done := w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
	require.JSONEq(t, `{"rows":7}`, string(done.Result))
	require.Zero(t, w.there.Calls("Outcome"), "it has said so itself")
}

func TestASlotIsReleasedByAnAdmin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	_, err := w.Life.Release(t.Context(), w.Ann, run.ID)
	require.Equal(t, sb.Forbidden, sb.CodeOf(err))
	_, err = w.Life.Release(t.Context(), w.Admin, run.ID)
	require.NoError(t, err)
	require.False(t, w.Get(t, run.ID).Slot)
}

func TestARunThatIsRevivedAfterItsEndStaysAsItIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenSucceeded, "success")
	w.look(time.Second)
	w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	w.look(time.Second)
	w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
	require.Len(t, w.said(run.ID, sb.EventRevived), 1)
	ledger, err := w.bridge.Ledger(t.Context(), w.place)
	require.NoError(t, err)
	require.Len(t, ledger.Orphans, 1)
	require.Equal(t, run.ID, ledger.Orphans[0].Run)
	w.set(run, sb.SeenSucceeded, "success")
	w.look(time.Second)
	require.Len(t, w.said(run.ID, sb.EventRevived), 2)
}

func TestTargetsThatStartNothingAreKnown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.there.Block(etl, "the DAG is paused")
	run := w.Schedule(t, func(d *sb.Draft) { d.Orchestrator = "prod" })
	w.look(time.Minute)
	seen, err := w.Watch(t.Context(), w.place.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"dag etl": "the DAG is paused"}, seen.Blocked)
	place, err := w.Place(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, "the DAG is paused", place.Blocked)
	w.there.Block(etl, "")
	w.look(time.Minute)
	seen, err = w.Watch(t.Context(), w.place.ID)
	require.NoError(t, err)
	require.Empty(t, seen.Blocked)
}

func TestOnlyWhoWatchesNowMayWrite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	other, err := watch.Take(t.Context(), w.bridge, w.place)
	require.NoError(t, err)
	require.Equal(t, sb.Conflict, sb.CodeOf(w.looker.Round(t.Context())))
	w.requireState(run.ID, sb.Queued, sb.WorkSubmitted, true)
	require.NoError(t, other.Round(t.Context()))
	w.requireState(run.ID, sb.Running, sb.WorkActive, true)
}

func TestTheLedgerTellsWhereThingsDiffer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	marked, lost, fine := w.sent(), w.sent(), w.sent()
	for _, run := range []sb.Run{marked, lost, fine} {
		w.set(run, sb.SeenActive, "running")
	}
	w.look(time.Second)
	_, err := w.Life.Mark(t.Context(), w.Ann, marked.ID)
	require.NoError(t, err)
	w.there.Delete(lost.Work.Ref)
	installation, err := w.Installation(t.Context())
	require.NoError(t, err)
	w.there.Leave(installation, sb.AttemptRef{Run: "01AAAAAAAAAAAAAAAAAAAAAAAA", Attempt: 1})
	w.look(time.Second)
	ledger, err := w.bridge.Ledger(t.Context(), w.place)
	require.NoError(t, err)
	require.Equal(t, 3, ledger.Open)
	require.Len(t, ledger.Mismatches, 1)
	require.Equal(t, marked.ID, ledger.Mismatches[0].Run)
	require.Len(t, ledger.Lost, 1)
	require.Equal(t, lost.ID, ledger.Lost[0].Run)
	require.Len(t, ledger.Orphans, 1)
	require.Empty(t, ledger.Orphans[0].Run)
	require.Equal(t, "fake 1", ledger.Version)
	require.Equal(t, w.Clock.Now(), *ledger.PolledAt)
}
