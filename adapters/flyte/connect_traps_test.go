package flyte

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/connecttest"
)

// attempt is a fresh attempt for a task of the stand-in.
func attempt(a *Adapter, task string) sb.Submission {
	ref := sb.AttemptRef{Run: ulid.Make().String(), Attempt: 1}
	return sb.Submission{
		AttemptRef: ref, Name: a.Name(installation, ref), Installation: installation, Target: sb.Target{Task: task, Version: "v1"},
	}
}

func sent(t *testing.T, a *Adapter, d sb.Submission) sb.Place {
	t.Helper()
	at, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	return at
}

// method tells whether a request calls a method.
func method(r *http.Request, name string) bool { return strings.HasSuffix(r.URL.Path, "/"+name) }

// drop breaks the connection off without an answer.
func drop(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}

func TestFlyte2IsAskedForARunBeforeItIsCreated(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	d := attempt(a, connecttest.OK)
	d.Inputs = json.RawMessage(`{"text": "first"}`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _ = a.Submit(t.Context(), d) })
	}
	all.Wait()
	s.Finish()
	d.Inputs = json.RawMessage(`{"text": "second"}`)
	sent(t, a, d)
	require.Equal(t, 1, s.Starts(d.Name), "another create would have started it again")
	inputs, _ := s.Sent(d.Name)
	require.Contains(t, inputs, "first")
	require.NotContains(t, inputs, "second")
}

func TestACreateOfFlyte2WhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrives int  // after so many further requests; -1: never
		status  int  // 0: the connection breaks off
		there   bool // it is there in the end
	}{
		"it arrived":                           {0, 0, true},
		"it arrived, and a proxy says 504":     {0, 504, true},
		"it arrives while it is looked for":    {5, 0, true},
		"it never arrives":                     {-1, 0, false},
		"a proxy without a server behind it":   {-1, 502, false},
		"it arrives late, and a proxy is busy": {3, 503, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connecttest.Start(t)
			a, passing := connected(t, s)
			d, before := attempt(a, connecttest.OK), passing.now()
			var body []byte
			var seen atomic.Int64
			s.Meddle(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
				if method(r, "CreateRun") {
					body, _ = io.ReadAll(r.Body)
					seen.Store(0)
					if c.arrives == 0 {
						next.ServeHTTP(httptest.NewRecorder(), again(r, body))
					}
					if c.status == 0 {
						drop(w)
						return true
					}
					w.WriteHeader(c.status)
					return true
				}
				if seen.Add(1) == int64(c.arrives) && body != nil {
					next.ServeHTTP(httptest.NewRecorder(), again(r, body))
				}
				return false
			})
			at, err := a.Submit(t.Context(), d)
			s.Meddle(nil)
			if c.there {
				require.NoError(t, err)
				require.Equal(t, d.Name, at.Name)
			} else {
				require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
				require.GreaterOrEqual(t, passing.now().Sub(before), createWithin, "another create may follow at once")
			}
			sent(t, a, d)
			require.Equal(t, 1, s.Starts(d.Name))
		})
	}
}

// again is a request for the run that a body creates.
func again(r *http.Request, body []byte) *http.Request {
	late := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/"+runService+"CreateRun", strings.NewReader(string(body)))
	late.Header.Set("Content-Type", "application/json")
	return late
}

func TestFewCallsStartARunOfFlyte2(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	for range 10 {
		sent(t, a, attempt(a, connecttest.OK))
	}
	require.Equal(t, 10, s.Requests("CreateRun"))
	require.Equal(t, 10, s.Requests("ListRuns"))
	require.Equal(t, 1, s.Requests("GetTaskDetails"))
	require.Zero(t, s.Requests("GetRunDetails"))
}

func TestTheServerIsToldWhenToGiveACreateUp(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	sent(t, a, attempt(a, connecttest.OK))
	require.Equal(t, fmt.Sprint(createWithin.Milliseconds()), s.Header("CreateRun").Get("Connect-Timeout-Ms"))
}

func TestWhatFlyte2NeverQueues(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	s.LoseQueue()
	at := sent(t, a, attempt(a, connecttest.OK))
	for range 5 {
		require.Equal(t, sb.SeenWaiting, see(t, a, "", at).Places[0].Sight, "it waits, and is not called running")
	}
	require.NoError(t, a.Stop(t.Context(), at, "it did not begin in time"))
	require.Equal(t, sb.SeenStopped, see(t, a, "", at).Places[0].Sight)
	o, err := a.Outcome(t.Context(), at)
	require.NoError(t, err)
	require.Contains(t, o.Message, "it did not begin in time")
}

func TestAStopDoesNotMakeASuccessOfFlyte2AnAbort(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	at := sent(t, a, attempt(a, connecttest.OK))
	s.Finish()
	require.NoError(t, a.Stop(t.Context(), at, "too late"))
	require.Zero(t, s.Requests("AbortRun"))
	require.Equal(t, sb.SeenSucceeded, see(t, a, "", at).Places[0].Sight)
}

func TestADatabaseOfFlyte2ThatIsAwayIsNoEnd(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	at := sent(t, a, attempt(a, connecttest.Sleep))
	s.LoseDatabase(true)
	_, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.NotContains(t, err.Error(), "10.0.0.7", "no error quotes an answer")
	_, err = a.Outcome(t.Context(), at)
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), "the server says not found: %v", err)
	_, err = a.Submit(t.Context(), attempt(a, connecttest.OK))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), "the server says not found: %v", err)
	require.Equal(t, sb.Unavailable, sb.CodeOf(a.Stop(t.Context(), at, "stop")))
	s.LoseDatabase(false)
	require.False(t, see(t, a, "", at).Places[0].Sight.Over())
}

func TestAnEarlyFlyte2IsNotBelieved(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	s.BeEarly()
	s.Foreign("people-", "RUNNING", 3)
	d := attempt(a, connecttest.OK)
	_, err := a.Submit(t.Context(), d)
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	_, err = a.Look(t.Context(), []sb.Place{{Target: d.Target, Name: d.Name}}, installation, "")
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.Zero(t, s.Requests("CreateRun"))
	checks := a.Probe(t.Context(), nil)
	require.False(t, checks[len(checks)-1].OK)
	require.Contains(t, checks[len(checks)-1].Detail, "a newer one is needed")
}

func TestALookAtManyRunsOfFlyte2(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	see(t, a, "") // it is known which Flyte it is
	s.Foreign("ours-", "SUCCEEDED", 1000)
	s.Foreign("theirs-", "RUNNING", 700)
	open := make([]sb.Place, 1000)
	for i := range open {
		open[i] = sb.Place{Target: sb.Target{Task: connecttest.OK, Version: "v1"}, Name: fmt.Sprintf("ours-%06d", i)}
	}
	view := see(t, a, "", open...)
	for _, seen := range view.Places {
		require.Equal(t, sb.SeenSucceeded, seen.Sight, seen.Name)
	}
	require.LessOrEqual(t, view.Calls, 5+4, "by 200 of ours, and of what has not ended")
	require.Zero(t, s.Requests("GetRunDetails"))
}

func TestTheStraysOfFlyte2AreAskedWhoseTheyAreOnce(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	mine, theirs := attempt(a, connecttest.Sleep), attempt(a, connecttest.Sleep)
	theirs.Installation = "another"
	sent(t, a, mine)
	sent(t, a, theirs)
	s.Foreign("people-", "RUNNING", 3)
	asked := s.Requests("GetRunDetails")
	view := see(t, a, "")
	require.Equal(t, 2, s.Requests("GetRunDetails")-asked)
	for range 3 {
		view = see(t, a, view.Mark)
		require.Len(t, view.Strays, 1)
		require.Equal(t, mine.AttemptRef, view.Strays[0].Of)
		require.Equal(t, mine.Target, view.Strays[0].Target)
	}
	require.Equal(t, 2, s.Requests("GetRunDetails")-asked)
}

func TestWhatFlyte2NeverTakes(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	for name, change := range map[string]func(*sb.Submission){
		"launch plan":       func(d *sb.Submission) { d.Target = sb.Target{LaunchPlan: "work"} },
		"no version":        func(d *sb.Submission) { d.Target.Version = "" },
		"30 characters":     func(d *sb.Submission) { d.Attempt = 100; d.Name = a.Name(installation, d.AttemptRef) },
		"is no input":       func(d *sb.Submission) { d.Inputs = json.RawMessage(`{"unknown": 1}`) },
		"text is no string": func(d *sb.Submission) { d.Inputs = json.RawMessage(`{"text": 1}`) },
	} {
		d := attempt(a, connecttest.OK)
		change(&d)
		_, err := a.Submit(t.Context(), d)
		require.Equal(t, sb.Invalid, sb.CodeOf(err), "%s: %v", name, err)
		require.Contains(t, err.Error(), name)
	}
	require.Zero(t, s.Requests("CreateRun"))
	faults, err := a.Faults(t.Context(), sb.Route{Target: sb.Target{LaunchPlan: "work", Version: "v1"}})
	require.NoError(t, err)
	require.Len(t, faults, 1)
	require.Contains(t, faults[0].Message, "Flyte 2 has no launch plans")
}

func TestWhatIsSentToFlyte2(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	s.Change(connecttest.OK, func(task *connecttest.Task) {
		task.Inputs = append(task.Inputs,
			connecttest.Input{Name: "signalbox_run", Type: `{"simple":"STRING"}`}, connecttest.Input{Name: "signalbox_attempt", Type: `{"simple":"INTEGER"}`})
	})
	a, _ := connected(t, s)
	d := attempt(a, connecttest.OK)
	d.Inputs = json.RawMessage(`{"list": [12345678901234567, 0.5, null]}`)
	sent(t, a, d)
	inputs, spec := s.Sent(d.Name)
	for _, part := range []string{
		`"name":"signalbox_run","value":{"scalar":{"primitive":{"stringValue":"` + d.Run + `"}}}`,
		`"name":"signalbox_attempt","value":{"scalar":{"primitive":{"integer":"1"}}}`,
		`12345678901234567`, `"name":"text"`,
	} {
		require.Contains(t, tight(inputs), part)
	}
	marks := fmt.Sprintf(`{"values":{"signalbox/attempt":"1","signalbox/installation":"inst","signalbox/run":%q}}`, d.Run)
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(spec), &got))
	require.JSONEq(t, marks, string(got["annotations"]))
	require.JSONEq(t, marks, string(got["labels"]))
	require.JSONEq(t, fmt.Sprintf(`{"values":[{"key":"SIGNALBOX_RUN_ID","value":%q},{"key":"SIGNALBOX_ATTEMPT","value":"1"}]}`, d.Run), string(got["envs"]))
}

// tight takes away the blanks that protojson puts in at random.
func tight(text string) string { return strings.ReplaceAll(text, " ", "") }
