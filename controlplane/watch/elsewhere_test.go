package watch_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// settled schedules a run and ends it well there; its log is due.
func (w *world) settled() sb.Run {
	w.t.Helper()
	run := w.sent()
	w.set(run, sb.SeenSucceeded, "success")
	w.there.Return(run.Work.Ref, sb.Outcome{Completed: true})
	return run
}

// says has a process of a run claim its attempt and say where its log lies, below the root.
func (w *world) says(run sb.Run, source, key string) sb.Process {
	w.t.Helper()
	p := sb.Process{AttemptRef: run.Ref(), Source: source, Try: 1}
	_, err := w.Work.Claim(w.t.Context(), w.place.ID, sb.Claim{Process: p, Nonce: source})
	require.NoError(w.t, err)
	require.NoError(w.t, w.Work.Start(w.t.Context(), p, "", ""))
	if key != "" {
		require.NoError(w.t, w.Work.LogPath(w.t.Context(), p, w.uri(key)))
	}
	return p
}

func (w *world) uri(key string) string { return "file://" + w.folder + "/" + key }

// writes writes a log where others keep it.
func (w *world) writes(key, text string) {
	w.t.Helper()
	name := filepath.Join(w.folder, key)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(w.t, os.WriteFile(name, []byte(text), 0o600))
}

// configure changes the orchestrator's config.
func (w *world) configure(config map[string]any) {
	w.t.Helper()
	config["log_roots"] = []string{"file://" + w.folder}
	raw, err := json.Marshal(config)
	require.NoError(w.t, err)
	w.place, err = w.UpdateOrchestrator(w.t.Context(), w.place.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Config = raw
		return o, nil
	})
	require.NoError(w.t, err)
}

// collected looks, collects, and finishes the log.
func (w *world) collected(run sb.Run) string {
	w.t.Helper()
	w.look(time.Second)
	require.NoError(w.t, w.looker.Collect(w.t.Context()))
	w.Clock.Pass(2 * sb.ReportGrace)
	require.NoError(w.t, w.output.Compact(w.t.Context(), run.ID))
	return w.log(run)
}

func (w *world) log(run sb.Run) string {
	w.t.Helper()
	body, _, err := w.output.Open(w.t.Context(), w.Get(w.t, run.ID), 0, -1)
	require.NoError(w.t, err)
	text, err := io.ReadAll(body)
	require.NoError(w.t, err)
	require.NoError(w.t, body.Close())
	return string(text)
}

func TestTheLogIsReadWhereATaskSays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.settled()
	w.there.Write(run.Work.Ref, "load", "what its API gives\n")
	w.says(run, "extract", "run_id="+run.Work.Ref+"/extract.log")
	w.writes("run_id="+run.Work.Ref+"/extract.log.1", "older\n")
	w.writes("run_id="+run.Work.Ref+"/extract.log", "newer\n")
	require.Equal(t, "===== attempt 1, extract =====\nolder\nnewer\n\n===== attempt 1, load =====\nwhat its API gives\n", w.collected(run))
	require.Equal(t, 1, w.there.Calls("Log"), "the API is asked for the other alone")
	require.True(t, strings.HasPrefix(w.Get(t, run.ID).Log.Path, "do_logs/"))
	require.Empty(t, w.said(run.ID, sb.EventLogMissing))
}

func TestTheLogIsReadByTheTemplateBeforeTheAPIIsAsked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.configure(map[string]any{"log_template": "run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={try}.log"})
	run := w.settled()
	w.there.Write(run.Work.Ref, "load[1]", "by the API\n", "by the API, again\n")
	w.writes("run_id="+run.Work.Ref+"/task_id=load/map_index=1/attempt=1.log", "by the template\n")
	require.Equal(t, "===== attempt 1, load[1] =====\nby the template\n\n===== attempt 1, load[1], try 2 =====\nby the API, again\n", w.collected(run))
}

func TestWhereTheAPIHasNoTextTheTemplateAloneIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.configure(map[string]any{"log_template": "{run_id}/{task_id}/{try}.log"})
	w.there.Textless()
	run := w.settled()
	w.there.Write(run.Work.Ref, "n0", "", "")
	w.writes(run.Work.Ref+"/n0/0.log", "first\n")
	w.look(time.Second)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Empty(t, w.said(run.ID, sb.EventLogMissing), "the second may still come")
	w.writes(run.Work.Ref+"/n0/1.log", "second\n")
	require.Equal(t, "===== attempt 1, n0 =====\nfirst\n\n===== attempt 1, n0 =====\nsecond\n", w.collected(run))
	require.Empty(t, w.said(run.ID, sb.EventLogMissing))
}

func TestWhereNoTextWillComeNothingIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.there.Textless()
	run := w.settled()
	w.there.Write(run.Work.Ref, "n0", "")
	w.look(time.Second)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Equal(t, []string{"Its log is missing: it has no text of logs."}, w.said(run.ID, sb.EventLogMissing))
}

func TestWhatATaskSentItselfIsNotDoubled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.settled()
	w.there.Write(run.Work.Ref, "extract", "by the API\n")
	w.there.Write(run.Work.Ref, "load", "by the API\n")
	p := w.says(run, "extract", "")
	require.NoError(t, w.output.Append(t.Context(), p, 0, []byte("sent\n"), false))
	require.Equal(t, "===== attempt 1, extract =====\nsent\n\n===== attempt 1, load =====\nby the API\n", w.collected(run))
}

func TestWhatATaskSentIsNotHeldUpByWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	deleted, away := w.settled(), w.settled()
	for _, run := range []sb.Run{deleted, away} {
		require.NoError(t, w.output.Append(t.Context(), w.says(run, "extract", ""), 0, []byte("sent\n"), false))
		w.there.Write(run.Work.Ref, "load", "")
	}
	w.look(time.Second)
	w.there.Delete(deleted.Work.Ref)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Nil(t, w.Get(t, deleted.ID).Work.LogDue)
	require.Empty(t, w.said(deleted.ID, sb.EventLogMissing))
	require.NotNil(t, w.Get(t, away.ID).Work.LogDue)
	w.there.Away(sb.Errorf(sb.Unavailable, "no answer"))
	w.Clock.Pass(sb.LogWait)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Nil(t, w.Get(t, away.ID).Work.LogDue)
	require.Equal(t, []string{"Its log is not complete: no answer."}, w.said(away.ID, sb.EventLogMissing))
	for _, run := range []sb.Run{deleted, away} {
		require.Equal(t, "sent\n", w.log(run))
	}
}

func TestWhoNamesNoTaskSpeaksForAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.settled()
	w.there.Write(run.Work.Ref, "extract", "by the API\n")
	w.says(run, sb.MainSource, run.Work.Ref+"/x.log")
	w.writes(run.Work.Ref+"/x.log", "where it says\n")
	require.Equal(t, "where it says\n", w.collected(run))
	require.Zero(t, w.there.Calls("Log"))
}

func TestALogThatComesLateIsWaitedForWhereItWasSaidToCome(t *testing.T) {
	t.Parallel()
	w := setup(t)
	late, never := w.settled(), w.settled()
	for _, run := range []sb.Run{late, never} {
		w.there.Write(run.Work.Ref, "load", "by the API\n")
		w.says(run, "load", run.Work.Ref+"/x.log")
	}
	w.look(time.Second)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Empty(t, w.log(late))
	w.writes(late.Work.Ref+"/x.log", "there it is\n")
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Equal(t, "there it is\n", w.log(late))
	w.Clock.Pass(sb.LogWait)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Equal(t, "by the API\n", w.log(never), "the next best")
	require.Empty(t, w.said(never.ID, sb.EventLogMissing))
}

func TestWhyALogIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		put  func(t *testing.T, w *world, name string)
		says string
	}{
		"nothing is there": {func(*testing.T, *world, string) {}, "there is nothing at"},
		"it is a link":     {func(t *testing.T, _ *world, name string) { require.NoError(t, os.Symlink("/etc/passwd", name)) }, "links are not followed"},
		"it is too large": {func(t *testing.T, _ *world, name string) {
			require.NoError(t, os.WriteFile(name, make([]byte, 1<<20+1), 0o600))
		}, "larger than"},
		"it is damaged": {func(t *testing.T, _ *world, name string) {
			require.NoError(t, os.WriteFile(name, []byte("\x1f\x8bxx"), 0o600))
		}, "damaged"},
		"it is no root anymore": {func(_ *testing.T, w *world, _ string) { w.folder = w.t.TempDir(); w.configure(map[string]any{}) }, "log_roots"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			run := w.settled()
			w.says(run, sb.MainSource, run.Work.Ref+"/x.log")
			w.writes(run.Work.Ref+"/y.log", "")
			tt.put(t, w, filepath.Join(w.folder, run.Work.Ref, "x.log"))
			w.look(time.Second)
			w.Clock.Pass(sb.LogWait)
			require.NoError(t, w.looker.Collect(t.Context()))
			said := w.said(run.ID, sb.EventLogMissing)
			require.Len(t, said, 1)
			require.Contains(t, said[0], "Its log is missing: ")
			require.Contains(t, said[0], tt.says)
			require.Nil(t, w.Get(t, run.ID).Work.LogDue)
		})
	}
}

func TestALogThatIsCutIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.settled()
	w.says(run, sb.MainSource, run.Work.Ref+"/x.log.gz")
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	_, err := io.WriteString(z, strings.Repeat("0123456\n", 1<<18))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	w.writes(run.Work.Ref+"/x.log.gz", packed.String())
	require.Len(t, w.collected(run), 1<<20)
	said := w.said(run.ID, sb.EventLogMissing)
	require.Len(t, said, 1)
	require.Contains(t, said[0], "Its log is not complete")
	require.Contains(t, said[0], "what follows is cut")
}

func TestALogThatStaysWhereItIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.configure(map[string]any{"logs": "reference"})
	run := w.settled()
	key := run.Work.Ref + "/x.log"
	w.says(run, sb.MainSource, key)
	w.writes(key, "2026-05-01T10:00:00Z INFO one\n2026-05-01T10:00:01Z ERROR two\n")
	want := "2026-05-01T10:00:00Z INFO one\n2026-05-01T10:00:01Z ERROR two\n"
	require.Equal(t, want, w.collected(run))
	run = w.Get(t, run.ID)
	require.Equal(t, sb.Log{Path: w.uri(key), Size: int64(len(want))}, *run.Log)
	require.NoError(t, w.objects.List(t.Context(), "", func(b sb.Blob) error { return sb.Errorf(sb.Internal, "%s was copied", b.Key) }))

	shown, err := w.output.Show(t.Context(), run)
	require.NoError(t, err)
	require.True(t, shown.Complete)
	require.Len(t, shown.Lines, 2)
	body, size, err := w.output.Open(t.Context(), run, 21, 8)
	require.NoError(t, err)
	require.EqualValues(t, len(want), size)
	part, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.Equal(t, want[21:29], string(part))
	lines, err := w.output.Lines(t.Context(), run, sb.LineQuery{Level: sb.ErrorLine, Count: 10})
	require.NoError(t, err)
	require.Equal(t, "two", lines.Lines[0].Message)
	x, err := w.output.Index(t.Context(), run)
	require.NoError(t, err)
	require.EqualValues(t, 2, x.Lines)

	w.writes(key, want+"more\n")
	require.Equal(t, want, w.log(run), "what comes later is no part of it")
	for name, change := range map[string]func(){
		"shorter": func() { w.writes(key, "x") },
		"empty":   func() { w.writes(key, "") },
		"gone":    func() { require.NoError(t, os.Remove(filepath.Join(w.folder, key))) },
	} {
		change()
		body, _, err := w.output.Open(t.Context(), run, 0, -1)
		require.NoError(t, err)
		_, err = io.ReadAll(body)
		require.Equal(t, sb.Gone, sb.CodeOf(err), name)
	}
}

func TestLogsOfSeveralTasksThatStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.configure(map[string]any{"logs": "reference", "log_template": "{run_id}/{task_id}.{try}.log"})
	stay, mixed := w.settled(), w.settled()
	for _, run := range []sb.Run{stay, mixed} {
		for _, task := range []string{"extract", "load"} {
			w.there.Write(run.Work.Ref, task, "by the API\n")
		}
		w.writes(run.Work.Ref+"/extract.1.log", "one\n")
	}
	w.writes(stay.Work.Ref+"/load.1.log", "two\n")
	require.Equal(t, "===== attempt 1, extract =====\none\n\n===== attempt 1, load =====\ntwo\n", w.collected(stay))
	require.Equal(t, w.uri(stay.Work.Ref+"/"), w.Get(t, stay.ID).Log.Path)

	require.NoError(t, w.output.Compact(t.Context(), mixed.ID))
	require.Equal(t, "===== attempt 1, extract =====\none\n\n===== attempt 1, load =====\nby the API\n", w.log(mixed))
	require.True(t, strings.HasPrefix(w.Get(t, mixed.ID).Log.Path, "do_logs/"), "what lies nowhere else is kept here, and the rest with it")
	require.NoError(t, os.RemoveAll(w.folder))
	require.Contains(t, w.log(mixed), "one")
}

func TestSecretsAreMaskedInALogThatIsReadElsewhere(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"collect", "reference"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.Secrets["API_KEY"] = "planted-value"
			w.configure(map[string]any{"logs": how})
			run := w.settled()
			w.says(run, sb.MainSource, run.Work.Ref+"/x.log")
			w.look(time.Second)
			w.Clock.Pass(5 * time.Minute)
			require.NoError(t, w.ForgetLent(t.Context()))
			w.Secrets["API_KEY"] = "planted-later"
			w.writes(run.Work.Ref+"/x.log", "one planted-value two\n")
			require.Equal(t, "one *** two\n", w.collected(run), "as it was handed out, also when the log comes late")
			require.NoError(t, w.ForgetLent(t.Context()))
			require.Equal(t, "one *** two\n", w.log(run))
			lent, err := w.Lent(t.Context(), run.Ref())
			require.NoError(t, err)
			require.Equal(t, how == "reference", lent[0].Secrets != nil, "it is forgotten when it is not needed any more")
		})
	}
}
