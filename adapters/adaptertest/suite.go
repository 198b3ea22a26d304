// Package adaptertest is the contract that every adapter passes: what signalbox.Adapter promises, tried out on a real
// orchestrator, or on a stand-in that behaves like one.
package adaptertest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// The kinds of work that an orchestrator under test offers. A kind without a target is not tried.
const (
	OK      = "ok"      // ends well, and returns an object whose n is 1
	Fail    = "fail"    // writes a line, and ends with an exception whose text has "deliberate failure"
	BigLog  = "big log" // writes 20,000 lines with "line N of"
	Mapped  = "mapped"  // has several parts of one task
	Paused  = "paused"  // is accepted and cannot start
	Limited = "limited" // runs once at a time, until it is stopped
	Sleep   = "sleep"   // runs until it is stopped
	Chain   = "chain"   // runs until it is stopped, and would go on with another task
	Params  = "params"  // declares env: dev or prod, and must: a text that has to be given
	Missing = "missing" // is not there
)

// Subject is an orchestrator under test.
type Subject struct {
	Adapter  sb.Adapter
	Targets  map[string]sb.Target
	Pause    func()                               // between two looks; nil for none
	Patience time.Duration                        // how long anything may take; default 30 s
	Settle   time.Duration                        // how long a stopped run is watched for coming back
	Delete   func(t testing.TB, at sb.Place)      // what a person deletes there; nil: not tried
	Clear    func(t testing.TB, at sb.Place)      // what a person runs again there; nil: not tried
	Lose     func(t testing.TB, of sb.Submission) // makes the answer to the next submission be lost; nil: not tried
	Slow     bool                                 // a real server: tests go one after another
	NoLogs   bool                                 // its API has no text of logs
	Typed    bool                                 // it takes what its targets declare, and nothing else
}

// world is a subject with the names of one test.
type world struct {
	Subject
	installation string
	next         atomic.Int64
}

// Run tries the contract. open gives the subject of a test, which may be one for all.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range []struct {
		name  string
		needs []string
		try   func(*testing.T, *world)
	}{
		{"an attempt always has the same name, and no other has it", []string{OK}, namesOnce},
		{"what is submitted runs and ends well, with its result", []string{OK}, endsWell},
		{"what is submitted again is the same, and runs once", []string{OK}, submitsOnce},
		{"many submit at once, and one run starts", []string{OK}, submitsAtOnce},
		{"a lost answer leaves one run", []string{OK}, losesAnswer},
		{"what fails says why", []string{Fail}, failsWithWords},
		{"a big log comes whole", []string{BigLog}, readsBigLog},
		{"parts of one task are told apart, and have logs of their own", []string{Mapped}, tellsParts},
		{"tasks of many runs are counted together", []string{Mapped, Chain}, counts},
		{"what cannot start says why", []string{Paused}, waitsWithWords},
		{"more than the limit waits and says why", []string{Limited}, waitsForOthers},
		{"what is stopped ends and stays so", []string{Sleep}, func(t *testing.T, w *world) { stops(t, w, Sleep) }},
		{"what is stopped ends and stays so, also where something follows", []string{Chain}, func(t *testing.T, w *world) { stops(t, w, Chain) }},
		{"a stop of what has ended changes nothing", []string{OK}, stopsLate},
		{"what is not there is gone", []string{OK}, isGone},
		{"what is deleted there is gone", []string{OK}, deletedThere},
		{"what is run again there is open again", []string{Fail}, clearedThere},
		{"what is ours there and unknown here is a stray", []string{Sleep}, findsStrays},
		{"many that ended are seen in few calls", []string{OK}, seesMany},
		{"a target that is not there is told", []string{Missing}, missing},
		{"a name taken by another attempt is a conflict", []string{OK}, taken},
		{"what is mapped arrives within its limit", []string{OK}, mapsLittle},
		{"a log of what was not tried is not found", []string{OK}, noLog},
		{"a probe says what is well and what to do", []string{OK}, probes},
		{"a route is compared with its target", []string{Params}, comparesRoutes},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			if !s.Slow {
				t.Parallel()
			}
			for _, kind := range c.needs {
				if _, ok := s.Targets[kind]; !ok {
					t.Skipf("there is nothing of kind %q", kind)
				}
			}
			if s.Patience == 0 {
				s.Patience = 30 * time.Second
			}
			if s.Pause == nil {
				s.Pause = func() {}
			}
			c.try(t, &world{Subject: s, installation: "t" + strings.ToLower(ulid.Make().String()[16:])})
		})
	}
}

// submission is a fresh attempt for a kind of work.
func (w *world) submission(kind string) sb.Submission {
	ref := sb.AttemptRef{Run: ulid.Make().String(), Attempt: int(w.next.Add(1))}
	return sb.Submission{
		AttemptRef: ref, Target: w.Targets[kind], Note: "a test of the contract",
		Name: w.Adapter.Name(w.installation, ref), Installation: w.installation,
	}
}

// patiently repeats a call as long as the orchestrator says to try again, which real ones do under load.
func (w *world) patiently(t *testing.T, call func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), w.Patience)
	defer cancel()
	for {
		err := call()
		if sb.CodeOf(err) != sb.Unavailable || ctx.Err() != nil {
			require.NoError(t, err)
			return
		}
		w.Pause()
	}
}

func (w *world) submit(t *testing.T, kind string) sb.Place {
	t.Helper()
	return w.send(t, w.submission(kind))
}

func (w *world) send(t *testing.T, d sb.Submission) (at sb.Place) {
	t.Helper()
	w.patiently(t, func() (err error) { at, err = w.Adapter.Submit(t.Context(), d); return err })
	return at
}

func (w *world) ask(t *testing.T, at sb.Place) {
	t.Helper()
	w.patiently(t, func() error { return w.Adapter.Stop(t.Context(), at, "a person stopped it") })
}

func (w *world) view(t *testing.T, open []sb.Place, from sb.Mark) (v sb.View) {
	t.Helper()
	w.patiently(t, func() (err error) { v, err = w.Adapter.Look(t.Context(), open, w.installation, from); return err })
	require.Len(t, v.Places, len(open))
	return v
}

func (w *world) parts(t *testing.T, at sb.Place) (parts []sb.Part) {
	t.Helper()
	w.patiently(t, func() (err error) { parts, err = w.Adapter.Parts(t.Context(), at); return err })
	return parts
}

func (w *world) outcome(t *testing.T, at sb.Place) (o sb.Outcome) {
	t.Helper()
	w.patiently(t, func() (err error) { o, err = w.Adapter.Outcome(t.Context(), at); return err })
	return o
}

// look looks at one place from the start.
func (w *world) look(t *testing.T, at sb.Place) sb.Seen {
	t.Helper()
	view := w.view(t, []sb.Place{at}, "")
	require.Equal(t, at.Name, view.Places[0].Name)
	require.NotEmpty(t, view.Version)
	return view.Places[0]
}

// until looks until what is seen is as wanted.
func (w *world) until(t *testing.T, at sb.Place, wanted func(sb.Seen) bool) sb.Seen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), w.Patience)
	defer cancel()
	for {
		seen := w.look(t, at)
		if wanted(seen) {
			return seen
		}
		require.NoErrorf(t, ctx.Err(), "last seen: %s (%s) %s", seen.Sight, seen.Word, seen.Why)
		w.Pause()
	}
}

func (w *world) over(t *testing.T, at sb.Place) sb.Seen {
	t.Helper()
	return w.until(t, at, func(s sb.Seen) bool { return s.Sight.Over() })
}

// working waits until a part has begun, so that there is a process to be stopped.
func (w *world) working(t *testing.T, at sb.Place) {
	t.Helper()
	w.until(t, at, func(s sb.Seen) bool {
		require.False(t, s.Sight.Over(), "it has ended: %s", s.Word)
		for _, p := range w.parts(t, at) {
			if strings.EqualFold(p.Word, "running") {
				return true
			}
		}
		return false
	})
}
