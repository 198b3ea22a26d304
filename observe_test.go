package signalbox_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// outside is a scheduled run whose orchestrator is not ours.
func outside() sb.Run {
	r := scheduled()
	r.Orchestrator, r.Target = "prod", sb.Target{DAG: "etl"}
	return r
}

func after(d time.Duration, s sb.Sight) sb.Change {
	return sb.Observed{At: start.Add(d), Attempt: 1, Seen: sb.Seen{Sight: s, Word: string(s)}}
}

var (
	naming   = sb.Submitting{At: start, Attempt: 1, Name: "n"}
	accepted = sb.Submitted{At: start, Attempt: 1, Place: sb.Place{Name: "n", URL: "u"}}
)

// settledBy applies the end of work when it is certain.
func settledBy(t *testing.T, r sb.Run, at time.Duration, found *sb.Outcome) sb.Run {
	t.Helper()
	end, certain := r.Settled(start.Add(at))
	require.True(t, certain)
	return walk(t, r, sb.EndWork{At: start.Add(at), Attempt: 1, End: end, Found: found})
}

func TestHowExternalRunsEnd(t *testing.T) {
	t.Parallel()
	sent := []sb.Change{admit, dispatch, naming, accepted}
	for _, row := range []struct {
		name    string
		changes []sb.Change
		found   *sb.Outcome
		status  sb.Status
		kind    sb.FailureKind
		message string
	}{
		{"success there", []sb.Change{after(1, sb.SeenActive), after(2, sb.SeenSucceeded)}, nil, sb.Completed, "", ""},
		{"success there, never seen running", []sb.Change{after(2, sb.SeenSucceeded)}, nil, sb.Completed, "", ""},
		{"failure there", []sb.Change{after(1, sb.SeenActive), after(2, sb.SeenFailed)}, nil, sb.Failed, sb.FailError, "prod says that it failed (failed)"},
		{"failure there, never seen running", []sb.Change{after(2, sb.SeenFailed)}, &sb.Outcome{Message: "ValueError"}, sb.Failed, sb.FailError, "ValueError"},
		{"failure there counts more than a reported completion", []sb.Change{claim(1), begin, said(1, true), after(2, sb.SeenFailed)}, nil, sb.Failed, sb.FailError, "prod says that it failed (failed)"},
		{"a reported failure counts more than success there", []sb.Change{claim(1), begin, said(1, false), after(2, sb.SeenSucceeded)}, nil, sb.Failed, sb.FailError, "broke"},
		{"its own words of a failure", []sb.Change{claim(1), begin, said(1, false), after(2, sb.SeenFailed)}, &sb.Outcome{Message: "theirs"}, sb.Failed, sb.FailError, "broke"},
		{"stopped by somebody there", []sb.Change{after(1, sb.SeenActive), after(2, sb.SeenStopped)}, nil, sb.Failed, sb.FailStopped, "prod says that somebody stopped it there (stopped)"},
		{"broken there", []sb.Change{after(2, sb.SeenBroken)}, nil, sb.Failed, sb.FailOrchestrator, "prod could not run it (broken)"},
		{"timed out", []sb.Change{after(1, sb.SeenActive), timeout, after(2, sb.SeenFailed)}, nil, sb.Failed, sb.FailTimeout, "It ran for longer than its timeout of 1h0m0s."},
		{"called back because it did not start in time", []sb.Change{timeout, after(2, sb.SeenFailed)}, nil, sb.Scheduled, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := settledBy(t, walk(t, walk(t, outside(), sent...), row.changes...), time.Hour, row.found)
			require.Equal(t, row.status, r.Status)
			require.False(t, r.Slot)
			if row.kind == "" {
				require.Nil(t, r.Failure)
				return
			}
			require.Equal(t, row.kind, r.Failure.Kind)
			require.Equal(t, row.message, r.Failure.Message)
			require.NotNil(t, r.Work.LogDue)
		})
	}
}

func TestWhenAnEndIsCertain(t *testing.T) {
	t.Parallel()
	stopped := func(d time.Duration) sb.Change { return sb.Stop{At: start.Add(d), By: ana} }
	for _, row := range []struct {
		name    string
		changes []sb.Change
		after   time.Duration // when it is not certain yet
		certain time.Duration
	}{
		{"success, at once", []sb.Change{accepted, after(0, sb.SeenSucceeded)}, -1, 0},
		{"after a stop, when it lasts", []sb.Change{accepted, stopped(0), after(0, sb.SeenFailed)}, sb.SettleFor - 1, sb.SettleFor},
		{"after a stop it came back", []sb.Change{accepted, stopped(0), after(0, sb.SeenFailed), after(5*time.Second, sb.SeenActive), after(10*time.Second, sb.SeenSucceeded)}, 10*time.Second + sb.SettleFor - 1, 10*time.Second + sb.SettleFor},
		{"one end instead of another, for it went on in between", []sb.Change{accepted, stopped(0), after(0, sb.SeenFailed), after(5*time.Second, sb.SeenSucceeded)}, sb.SettleFor, 5*time.Second + sb.SettleFor},
		{"gone, after a minute", []sb.Change{accepted, after(0, sb.SeenGone)}, sb.GoneFor - 1, sb.GoneFor},
		{"gone, and back", []sb.Change{accepted, after(0, sb.SeenGone), after(time.Second, sb.SeenActive), after(2*time.Second, sb.SeenGone)}, sb.GoneFor, sb.GoneFor + 2*time.Second},
		{"never accepted, and stopped", []sb.Change{stopped(time.Second), after(2*time.Second, sb.SeenGone)}, sb.GoneFor, sb.GoneFor + 2*time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := walk(t, walk(t, outside(), admit, dispatch, naming), row.changes...)
			if row.after >= 0 {
				_, certain := r.Settled(start.Add(row.after))
				require.False(t, certain)
			}
			_, certain := r.Settled(start.Add(row.certain))
			require.True(t, certain)
		})
	}
	r := walk(t, outside(), admit, dispatch, naming, after(0, sb.SeenGone))
	_, certain := r.Settled(start.Add(time.Hour))
	require.False(t, certain, "what is on its way may still arrive")
}

func TestSendingIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		before []sb.Change
		want   sb.Code
	}{
		{"after a stop", []sb.Change{admit, dispatch, stop}, sb.RunOver},
		{"after a mark", []sb.Change{admit, dispatch, mark}, sb.RunOver},
		{"for an attempt of before", []sb.Change{admit, dispatch, end(sb.End{HandedBack: true}), admit}, sb.Conflict},
		{"when its work has ended", []sb.Change{admit, stop}, sb.Conflict},
		{"never twice", []sb.Change{admit, dispatch, naming}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, events, err := walk(t, outside(), row.before...).Apply(naming)
			require.Equal(t, row.want, sb.CodeOf(err))
			require.Empty(t, events)
		})
	}
}

func TestAnExternalRunKeepsItsNameWhateverTheTaskSays(t *testing.T) {
	t.Parallel()
	r := walk(t, outside(), admit, dispatch, naming, accepted, claim(1), sb.Start{At: start, Attempt: 1, Ref: "another", URL: "elsewhere"})
	require.Equal(t, "n", r.Work.Ref)
	require.Equal(t, "u", r.Work.URL)
}

func TestAReportEndsARunWhoseOrchestratorIsAwayForLong(t *testing.T) {
	t.Parallel()
	running := []sb.Change{admit, dispatch, naming, accepted, claim(1), begin}
	away := sb.Unasked{At: start.Add(sb.UnaskedFor), Since: start, Why: "no answer"}
	for _, row := range []struct {
		name    string
		retries int
		said    []sb.Change
		status  sb.Status
	}{
		{"completed", 0, []sb.Change{said(1, true)}, sb.Completed},
		{"failed", 0, []sb.Change{said(1, false)}, sb.Failed},
		{"failed, to be tried again when its work has ended", 1, []sb.Change{said(1, false)}, sb.Running},
		{"silent", 0, nil, sb.Running},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := outside()
			r.RetriesLeft = row.retries
			r = walk(t, walk(t, walk(t, r, running...), row.said...), away)
			require.Equal(t, row.status, r.Status)
			require.Equal(t, sb.WorkUnknown, r.Work.State)
			require.True(t, r.Slot)
			r = walk(t, r, after(sb.UnaskedFor+1, sb.SeenActive))
			require.Equal(t, sb.WorkActive, r.Work.State)
		})
	}
}

func TestWhatARouteHandsOver(t *testing.T) {
	t.Parallel()
	run := outside()
	run.Dataset, run.Label = "cats", "L"
	run.Params = json.RawMessage(`{"threshold":0.5,"deep":{"er":[1]},"key":"s"}`)
	run.InputsSchema = json.RawMessage(`{"properties":{"key":{"format":"password"},"deep":{"properties":{"er":{}}}}}`)
	for _, row := range []struct {
		name, inputs, want string
		code               sb.Code
	}{
		{"nothing", ``, ``, ""},
		{"parts and constants", `{"t":"$params.threshold","e":"$params.deep.er","d":"$dataset","l":"$label","c":7,"m":"$$5","gone":"$params.none"}`, `{"t":0.5,"e":[1],"d":"cats","l":"L","c":7,"m":"$5"}`, ""},
		{"a secret", `{"k":"$params.key"}`, ``, sb.Invalid},
		{"all with a secret", `"$params"`, ``, sb.Invalid},
		{"all below a name, with a secret", `{"p":"$params"}`, ``, sb.Invalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			route := sb.Route{Inputs: json.RawMessage(row.inputs)}
			require.Empty(t, route.CheckInputs("inputs"))
			got, err := route.InputsOf(run)
			require.Equal(t, row.code, sb.CodeOf(err))
			if row.want == "" {
				require.Empty(t, got)
				return
			}
			require.JSONEq(t, row.want, string(got))
		})
	}
	open := run
	open.InputsSchema = nil
	got, err := sb.Route{Inputs: json.RawMessage(`"$params"`)}.InputsOf(open)
	require.NoError(t, err)
	require.JSONEq(t, string(run.Params), string(got))
	for _, wrong := range []string{`"$dataset"`, `7`, `{"a":"$nothing"}`, `{"signalbox":1}`, `{"a":"$params."}`} {
		require.Len(t, sb.Route{Inputs: json.RawMessage(wrong)}.CheckInputs("inputs"), 1, wrong)
	}
	open.Params = json.RawMessage(`{"big":"` + strings.Repeat("x", sb.MaxInputs) + `"}`)
	_, err = sb.Route{Inputs: json.RawMessage(`"$params"`)}.InputsOf(open)
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
}
