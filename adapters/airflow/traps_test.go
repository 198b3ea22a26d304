package airflow

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

// submit starts a run with a name of its own, and gives its place.
func submit(t *testing.T, a *Adapter, dag, name string) sb.Place {
	t.Helper()
	at, err := a.Submit(t.Context(), submission(dag, name))
	require.NoError(t, err)
	return at
}

func submission(dag, name string) sb.Submission {
	return sb.Submission{AttemptRef: sb.AttemptRef{Run: name, Attempt: 1}, Name: prefix + name + "-1", Target: sb.Target{DAG: dag}}
}

const (
	installation = "inst"
	prefix       = "signalbox-inst-"
)

func see(t *testing.T, a *Adapter, from sb.Mark, open ...sb.Place) sb.View {
	t.Helper()
	view, err := a.Look(t.Context(), open, installation, from)
	require.NoError(t, err)
	require.Len(t, view.Places, len(open))
	return view
}

// sights are what a place shows, look after look, repeats left out.
func sights(t *testing.T, a *Adapter, at sb.Place, looks int) []sb.Sight {
	t.Helper()
	var all []sb.Sight
	for range looks {
		if s := see(t, a, "", at).Places[0].Sight; len(all) == 0 || all[len(all)-1] != s {
			all = append(all, s)
		}
	}
	return all
}

func TestAStoppedRunThatComesBackIsShown(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "2.10.3")
	a := registered(t, s.URL, "")
	at := submit(t, a, airflowtest.Chain, "x")
	sights(t, a, at, 5)
	require.NoError(t, a.Stop(t.Context(), at, "stop"))
	require.Equal(t, []sb.Sight{sb.SeenFailed, sb.SeenActive, sb.SeenSucceeded}, sights(t, a, at, 18))

	at = submit(t, a, airflowtest.Chain, "y")
	sights(t, a, at, 5)
	require.NoError(t, a.Stop(t.Context(), at, "stop"))
	for see(t, a, "", at).Places[0].Sight != sb.SeenActive {
		require.NoError(t, t.Context().Err())
	}
	require.NoError(t, a.Stop(t.Context(), at, "stop"))
	require.Equal(t, []sb.Sight{sb.SeenFailed}, sights(t, a, at, 18), "stopped again, it stays so")
}

func TestALaterAirflowDoesNotRevive(t *testing.T) {
	t.Parallel()
	a := registered(t, airflowtest.Start(t, "2.11.2").URL, "")
	at := submit(t, a, airflowtest.Chain, "x")
	sights(t, a, at, 5)
	require.NoError(t, a.Stop(t.Context(), at, "stop"))
	require.Equal(t, []sb.Sight{sb.SeenFailed}, sights(t, a, at, 18))
}

func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, by := range []time.Duration{-time.Hour, time.Hour} {
			t.Run(fmt.Sprintf("%s, Airflow's is %s from ours", version, by), func(t *testing.T) {
				t.Parallel()
				s := airflowtest.Start(t, version)
				s.SetSkew(by)
				a := registered(t, s.URL, "")
				at := submit(t, a, airflowtest.OK, "x")
				require.Equal(t, []sb.Sight{sb.SeenActive, sb.SeenSucceeded}, sights(t, a, at, 8))
				view := see(t, a, "", at)
				require.Equal(t, sb.SeenSucceeded, see(t, a, view.Mark, at).Places[0].Sight)
				found := false
				for _, c := range a.Probe(t.Context(), nil) {
					found = found || c.Name == "clock" && !c.OK
				}
				require.True(t, found, "the probe says nothing of the clock")
			})
		}
	}
}

func TestNumbersThatAreNoJSON(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "2.10.3")
	a := registered(t, s.URL, "")
	at := submit(t, a, airflowtest.OK, "x")
	s.Foreign(airflowtest.OK, "theirs", 3, `{"f": Infinity, "g": [-Infinity, NaN], "text": "\"NaN\\"}`)
	s.Finish()
	require.Equal(t, sb.SeenSucceeded, see(t, a, "", at).Places[0].Sight)
	require.Equal(t, `{"a":null,"b":"Infinity \" NaN","c":[null,null]}`, string(finite([]byte(`{"a":Infinity,"b":"Infinity \" NaN","c":[-Infinity,NaN]}`))))
}

func TestThePagesOfALook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, auth string
		ours, theirs  int
		calls         int
	}{
		{"2.10.3", "", 1000, 0, 4},   // the version twice, an empty list of active runs, two pages
		{"3.3.1", "", 1000, 0, 3},    // and here once
		{"3.3.1", "", 1000, 700, 5},  // theirs finished later, so they come first
		{"3.1.0", "", 250, 0, 1 + 3}, // pages of 100
	} {
		t.Run(fmt.Sprintf("%s with %d of ours and %d of others", c.version, c.ours, c.theirs), func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, c.version)
			a := registered(t, s.URL, "")
			require.NoError(t, a.ask(t.Context(), get("dags"), nil)) // the version is known, and a token there
			open := make([]sb.Place, c.ours)
			s.Foreign(airflowtest.OK, "ours", c.ours, `{}`)
			for i := range open {
				open[i] = sb.Place{Target: sb.Target{DAG: airflowtest.OK}, Name: fmt.Sprintf("ours-%06d", i)}
			}
			s.Foreign(airflowtest.OK, "theirs", c.theirs, `{}`)
			view := see(t, a, "", open...)
			for _, seen := range view.Places {
				require.Equal(t, sb.SeenSucceeded, seen.Sight, seen.Name)
			}
			require.LessOrEqual(t, view.Calls, c.calls)
			require.Zero(t, s.Requests("GET run"))
			again := see(t, a, view.Mark, open...)
			require.LessOrEqual(t, again.Calls, c.calls)
		})
	}
}

func TestAPageThatIsTooLargeIsAskedForInParts(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	a := registered(t, s.URL, "")
	at := submit(t, a, airflowtest.OK, "x")
	s.Finish()
	s.Foreign(airflowtest.OK, "theirs", 9, `{"fat": "`+strings.Repeat("x", 1<<20)+`"}`)
	s.Foreign(airflowtest.OK, "huge", 1, `{"fat": "`+strings.Repeat("x", 9<<20)+`"}`)
	require.Equal(t, sb.SeenSucceeded, see(t, a, "", at).Places[0].Sight)
}

func TestAnAnswerThatIsNotAirflowsIsNoEnd(t *testing.T) {
	t.Parallel()
	page := func(status int, kind, body string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
		return func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if !strings.Contains(r.URL.Path, "dagRuns") {
				return false
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for name, c := range map[string]struct {
		with func(http.ResponseWriter, *http.Request, http.Handler) bool
		code sb.Code
	}{
		"a proxy's 404":           {page(404, "text/html", "<html>no such backend"), sb.Unavailable},
		"a proxy's page":          {page(200, "text/html", "<html>log in"), sb.Unavailable},
		"a proxy's 403":           {page(403, "text/html", "<html>go away"), sb.Unauthenticated},
		"a gateway's 502":         {page(502, "text/html", "<html>bad gateway"), sb.Unavailable},
		"a plain 500":             {page(500, "text/plain", "Internal Server Error"), sb.Unavailable},
		"a gateway's 504":         {page(504, "text/html", "<html>gateway time-out"), sb.Unavailable},
		"a body without an end":   {page(200, "application/json", `{"dag_runs": [`+strings.Repeat(" ", 9<<20)), sb.TooLarge},
		"too many requests":       {page(429, "application/json", `{"detail":"slow down"}`), sb.Unavailable},
		"JSON that breaks off":    {page(200, "application/json", `{"dag_runs": [{"dag_`), sb.Unavailable},
		"an API that was removed": {page(404, "application/json", `{"error":"/api/v1 has been removed in Airflow 3"}`), sb.Unavailable},
	} {
		for _, version := range versions {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				s := airflowtest.Start(t, version)
				a := registered(t, s.URL, "")
				at := submit(t, a, airflowtest.Sleep, "x")
				s.Meddle(c.with)
				_, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
				require.Equal(t, c.code, sb.CodeOf(err), err)
				require.NotContains(t, err.Error(), "<html>")
				require.Error(t, a.Stop(t.Context(), at, "stop"))
				_, err = a.Outcome(t.Context(), at)
				require.Error(t, err)
				s.Meddle(nil)
				require.Contains(t, []sb.Sight{sb.SeenWaiting, sb.SeenActive}, see(t, a, "", at).Places[0].Sight)
			})
		}
	}
}

func TestAnUpgradeIsNoticed(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "2.10.3")
	a := registered(t, s.URL, "")
	at := submit(t, a, airflowtest.Sleep, "x")
	s.Upgrade("3.3.1")
	_, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	view := see(t, a, "", at)
	require.Equal(t, "3.3.1", view.Version)
	require.Equal(t, sb.SeenActive, view.Places[0].Sight)
}

func TestASubmissionThatMeetsTrouble(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, version)
			a := registered(t, s.URL, `, "logical_date": "now"`)
			times := 0
			s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool { // 3.3.1 on SQLite under load
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/dagRuns") {
					return false
				}
				times++
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = w.Write([]byte(`{"detail":{"reason":"Database error","statement":"hidden"}}`))
				return true
			})
			_, err := a.Submit(t.Context(), submission(airflowtest.OK, "x"))
			require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
			require.Equal(t, 1, times, "what changes something is sent once")
			s.Meddle(nil)
			submit(t, a, airflowtest.OK, "x")
			require.Equal(t, 1, s.Runs(airflowtest.OK, prefix))
		})
	}
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	for version, config := range map[string]string{"2.10.3": "", "3.3.1": `, "logical_date": "null"`} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, version)
			a := registered(t, s.URL, config)
			d := submission(airflowtest.OK, "X")
			d.Inputs = json.RawMessage(`{"threshold": 0.10, "big": 12345678901234567890}`)
			d.Note = strings.Repeat("ü", 2000)
			at, err := a.Submit(t.Context(), d)
			require.NoError(t, err)
			require.JSONEq(t, `{"signalbox": {"run": "X", "attempt": 1}, "threshold": 0.10, "big": 12345678901234567890}`, s.Conf(airflowtest.OK, at.Name))
			require.Contains(t, s.Conf(airflowtest.OK, at.Name), "12345678901234567890")
			d.Inputs = json.RawMessage(`{"signalbox": 1}`)
			_, err = a.Submit(t.Context(), d)
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
		})
	}
}

func TestParamsThatAreNotAccepted(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		a := registered(t, airflowtest.Start(t, version).URL, "")
		d := submission(airflowtest.Params, "x")
		d.Inputs = json.RawMessage(`{"env": "hunter2-secret", "must": "x"}`)
		_, err := a.Submit(t.Context(), d)
		require.Equal(t, sb.Invalid, sb.CodeOf(err))
		require.Contains(t, err.Error(), "param env")
		require.NotContains(t, err.Error(), "hunter2", "an error quotes nothing that was sent")
	}
}

func TestADAGThatIsPaused(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		s := airflowtest.Start(t, version)
		a := registered(t, s.URL, `, "unpause": true`)
		at := submit(t, a, airflowtest.Paused, "x")
		require.Equal(t, sb.SeenActive, see(t, a, "", at).Places[0].Sight)
		require.Equal(t, 1, s.Requests("PATCH dag"))
	}
}

func TestWhyARunWaits(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for text, change := range map[string]func(*airflowtest.DAG){
			"cannot be imported": func(d *airflowtest.DAG) { d.Broken = true },
			"no longer finds":    func(d *airflowtest.DAG) { d.Stale = true; d.Paused = false; d.MostActive = 0 },
			"is paused":          func(*airflowtest.DAG) {},
		} {
			s := airflowtest.Start(t, version)
			a := registered(t, s.URL, "")
			at := submit(t, a, airflowtest.Paused, "x")
			s.Change(airflowtest.Paused, change)
			require.Contains(t, see(t, a, "", at).Places[0].Why, text)
		}
	}
}

func TestARunThatNeverBegan(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		s := airflowtest.Start(t, version)
		a := registered(t, s.URL, "")
		at := submit(t, a, airflowtest.Paused, "x")
		require.NoError(t, a.Stop(t.Context(), at, "stop"))
		seen := see(t, a, "", at).Places[0]
		require.Equal(t, sb.SeenStopped, seen.Sight)
		o, err := a.Outcome(t.Context(), at)
		require.NoError(t, err)
		require.Contains(t, o.Message, "no task of it failed")
	}
}

func TestARunOfManyTasks(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, version)
			s.Change(airflowtest.Mapped, func(d *airflowtest.DAG) { d.Tasks[0].Mapped = 1200 })
			a := registered(t, s.URL, "")
			at := submit(t, a, airflowtest.Mapped, "x")
			parts, err := a.Parts(t.Context(), at)
			require.NoError(t, err)
			require.Len(t, parts, 1200)
			s.Meddle(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool { // many of them are too many bytes
				if !strings.HasSuffix(r.URL.Path, "/taskInstances/list") {
					return false
				}
				body, _ := io.ReadAll(r.Body)
				if version == "3.3.1" && strings.Contains(string(body), `"page_limit":125`) {
					r.Body = io.NopCloser(strings.NewReader(string(body)))
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(make([]byte, 9<<20))
				return true
			})
			parts, err = a.Parts(t.Context(), at)
			require.NoError(t, err)
			require.Len(t, parts, 1200)
		})
	}
}

func TestRunsWithTheSameLogicalDate(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	a := registered(t, s.URL, "")
	refusals := 0
	s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/dagRuns") || refusals == 0 {
			return false
		}
		refusals--
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"detail":{"reason":"Unique constraint violation","statement":"hidden"}}`))
		return true
	})
	refusals = 2
	submit(t, a, airflowtest.OK, "x")
	refusals = 3
	_, err := a.Submit(t.Context(), submission(airflowtest.OK, "y"))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	submit(t, a, airflowtest.OK, "y")
	require.Equal(t, 2, s.Runs(airflowtest.OK, prefix))
}

func TestManyThatAreGoneDoNotHoldUpALook(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		s := airflowtest.Start(t, version)
		a := registered(t, s.URL, "")
		there := submit(t, a, airflowtest.Sleep, "there")
		open := []sb.Place{there}
		for i := range 500 {
			open = append(open, sb.Place{Target: there.Target, Name: fmt.Sprintf("%sgone%d-1", prefix, i)})
		}
		gone := map[string]bool{}
		for looks := 0; len(gone) < 100; looks++ {
			require.Less(t, looks, 50)
			view, err := a.Look(t.Context(), open, installation, "")
			require.NoError(t, err)
			require.LessOrEqual(t, view.Calls, 4+getsMost)
			require.Len(t, view.Places, 1+getsMost, "the others are left out")
			require.Equal(t, there.Name, view.Places[0].Name)
			for _, seen := range view.Places[1:] {
				require.Equal(t, sb.SeenGone, seen.Sight)
				gone[seen.Name] = true
			}
		}
	}
}
