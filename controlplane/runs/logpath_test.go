package runs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

// roots lets logs be read at one place.
type roots string

func (r roots) Check(_ sb.Orchestrator, run sb.Run, attempt, uri string) error {
	if uri != string(r)+attempt {
		return sb.Errorf(sb.Invalid, "not there")
	}
	return nil
}

func TestWhereALogLiesIsTakenFromWhoWorksOutside(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	w.Work.ReadLogs(roots("s3://b/"))
	_, builtin := w.Running(t)
	require.Equal(t, sb.Invalid, sb.CodeOf(w.Work.LogPath(t.Context(), builtin, "s3://b/")), "a worker sends its log")

	place, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{
		Name: "prod", Kind: sb.Airflow, Enabled: true, Quota: 1, Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
	}, nil)
	require.NoError(t, err)
	run := w.Schedule(t, func(d *sb.Draft) { d.Orchestrator = "prod" })
	_, err = w.Admit(t.Context(), place.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	ref := sb.AttemptRef{Run: run.ID, Attempt: 1}
	require.NoError(t, w.Work.Dispatched(t.Context(), ref, ref.Name(), ""))
	_, err = w.Work.Submitting(t.Context(), ref, "theirs")
	require.NoError(t, err)
	p := sb.Process{AttemptRef: ref, Source: "load", Try: 1}
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Work.LogPath(t.Context(), p, "s3://b/theirs")), "nobody has claimed")
	_, err = w.Work.Claim(t.Context(), place.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(t, err)
	require.Equal(t, sb.Invalid, sb.CodeOf(w.Work.LogPath(t.Context(), p, "s3://b/other")))
	require.NoError(t, w.Work.LogPath(t.Context(), p, "s3://b/theirs"))
	kept, err := w.LogPaths(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, []sb.LogPath{{Process: p, URI: "s3://b/theirs"}}, kept)
	require.NoError(t, w.Work.EndWork(t.Context(), ref, sb.End{There: sb.SeenSucceeded}))
	require.NoError(t, w.Work.LogPath(t.Context(), p, "s3://b/theirs"), "for a minute")
	w.Clock.Pass(sb.ReportGrace + time.Second)
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Work.LogPath(t.Context(), p, "s3://b/theirs")))
}
