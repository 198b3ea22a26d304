package adaptertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func endsWell(t *testing.T, w *world) {
	at := w.submit(t, OK)
	require.NotEmpty(t, at.URL)
	seen := w.over(t, at)
	require.Equal(t, sb.SeenSucceeded, seen.Sight, seen.Word)
	require.NotNil(t, seen.StartedAt)
	require.NotNil(t, seen.EndedAt)
	o := w.outcome(t, at)
	require.True(t, o.Completed)
	var result map[string]any
	require.NoError(t, json.Unmarshal(o.Result, &result), "result: %s", o.Result)
	require.EqualValues(t, 1, result["n"])
	if !w.NoLogs {
		require.Contains(t, string(w.log(t, at)), "line 0 of")
	}
}

// log is the log of a place's only part.
func (w *world) log(t *testing.T, at sb.Place) []byte {
	t.Helper()
	parts := w.parts(t, at)
	require.NotEmpty(t, parts)
	body, err := w.Adapter.Log(t.Context(), at, parts[0], parts[0].Try)
	require.NoError(t, err)
	defer body.Close()
	all, err := io.ReadAll(body)
	require.NoError(t, err)
	return all
}

func namesOnce(t *testing.T, w *world) {
	met := map[string]bool{}
	for range 100 {
		d := w.submission(OK)
		require.Equal(t, d.Name, w.Adapter.Name(w.installation, d.AttemptRef))
		require.False(t, met[d.Name], d.Name)
		met[d.Name] = true
	}
}

func submitsOnce(t *testing.T, w *world) {
	d := w.submission(OK)
	first := w.send(t, d)
	require.Equal(t, first, w.send(t, d))
	w.over(t, first)
	require.Equal(t, first, w.send(t, d))
	require.True(t, w.look(t, first).Sight.Over(), "it runs again")
}

func submitsAtOnce(t *testing.T, w *world) {
	d := w.submission(OK)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() { _, errs[i] = w.Adapter.Submit(t.Context(), d) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
		}
	}
	require.Equal(t, sb.SeenSucceeded, w.over(t, w.send(t, d)).Sight)
}

func losesAnswer(t *testing.T, w *world) {
	if w.Lose == nil {
		t.Skip("answers cannot be lost here")
	}
	d := w.submission(OK)
	w.Lose(t, d)
	at := w.send(t, d)
	require.Equal(t, sb.SeenSucceeded, w.over(t, at).Sight)
	require.Empty(t, w.view(t, []sb.Place{at}, "").Strays)
}

func failsWithWords(t *testing.T, w *world) {
	at := w.submit(t, Fail)
	require.Equal(t, sb.SeenFailed, w.over(t, at).Sight)
	o := w.outcome(t, at)
	require.False(t, o.Completed)
	require.Contains(t, o.Message, "deliberate failure")
	require.Contains(t, o.Stack, "Traceback (most recent call last):")
	require.Contains(t, o.Stack, "deliberate failure")
	if w.NoLogs {
		return
	}
	severe := false
	for line := range bytes.Lines(w.log(t, at)) {
		_, sev, message, known := sb.ParseLine(bytes.TrimRight(line, "\n"))
		severe = severe || known && sev == sb.ErrorLine && bytes.Contains(message, []byte("exception"))
	}
	require.True(t, severe, "no line of the log is an error in a known format")
}

func readsBigLog(t *testing.T, w *world) {
	at := w.submit(t, BigLog)
	w.over(t, at)
	lines, last := 0, ""
	in := bufio.NewScanner(bytes.NewReader(w.log(t, at)))
	for in.Scan() {
		if _, _, message, known := sb.ParseLine(in.Bytes()); known && bytes.HasPrefix(message, []byte("line ")) {
			lines, last = lines+1, string(message)
		}
	}
	require.Equal(t, 20_000, lines)
	require.True(t, strings.HasPrefix(last, "line 19999 of"), last)
}

func tellsParts(t *testing.T, w *world) {
	at := w.submit(t, Mapped)
	w.over(t, at)
	parts := w.parts(t, at)
	require.Greater(t, len(parts), 1)
	met := map[string]bool{}
	for _, p := range parts {
		require.False(t, met[p.Source], "%s is there twice", p.Source)
		met[p.Source] = true
		require.Equal(t, sb.SeenSucceeded, p.Sight)
		require.NotEmpty(t, p.URL)
		if w.NoLogs {
			continue
		}
		body, err := w.Adapter.Log(t.Context(), at, p, p.Try)
		require.NoError(t, err, p.Source)
		all, err := io.ReadAll(body)
		require.NoError(t, body.Close())
		require.NoError(t, err)
		require.Contains(t, string(all), "line 0 of")
	}
}

func counts(t *testing.T, w *world) {
	all, can := w.Adapter.(sb.Tallier)
	if !can {
		t.Skip("tasks are not counted here")
	}
	mapped, chain := w.submit(t, Mapped), w.submit(t, Chain)
	w.over(t, mapped)
	w.working(t, chain)
	gone := sb.Place{Target: mapped.Target, Name: w.submission(Mapped).Name}
	var got []sb.Tally
	w.patiently(t, func() (err error) { got, err = all.Tally(t.Context(), []sb.Place{chain, gone, mapped}); return err })
	require.Len(t, got, 2, "what is not there is left out")
	require.Equal(t, chain.Name, got[0].Name)
	require.Equal(t, []int{0, 2}, []int{got[0].Over, got[0].All})
	require.Equal(t, mapped.Name, got[1].Name)
	require.Greater(t, got[1].All, 1)
	require.Equal(t, got[1].All, got[1].Over)
	w.ask(t, chain) // that it ends is for others to see
}

func waitsWithWords(t *testing.T, w *world) {
	at := w.submit(t, Paused)
	seen := w.until(t, at, func(s sb.Seen) bool { return s.Why != "" })
	require.Equal(t, sb.SeenWaiting, seen.Sight)
	require.Contains(t, seen.Why, "paused")
	w.ask(t, at)
	require.True(t, w.over(t, at).Sight.Over())
}

func waitsForOthers(t *testing.T, w *world) {
	first := w.submit(t, Limited)
	w.working(t, first)
	second := w.submit(t, Limited)
	seen := w.until(t, second, func(s sb.Seen) bool { return s.Why != "" })
	require.Equal(t, sb.SeenWaiting, seen.Sight)
	require.Contains(t, seen.Why, "1 active run")
	w.stop(t, second)
	w.stop(t, first)
}

// stop asks until it has ended and stays so, as the watcher does.
func (w *world) stop(t *testing.T, at sb.Place) {
	t.Helper()
	w.ask(t, at)
	last := w.over(t, at)
	for since := time.Now(); time.Since(since) < w.Settle; w.Pause() {
		seen := w.look(t, at)
		if seen.Sight != last.Sight {
			t.Logf("after it was stopped it was %s (%s), and is %s (%s)", last.Sight, last.Word, seen.Sight, seen.Word)
		}
		if last = seen; !seen.Sight.Over() {
			w.ask(t, at)
			since = time.Now()
		}
	}
	w.over(t, at)
}

func stops(t *testing.T, w *world, kind string) {
	at := w.submit(t, kind)
	w.working(t, at)
	w.stop(t, at)
	parts := w.parts(t, at)
	for _, p := range parts {
		require.NotEqual(t, "running", strings.ToLower(p.Word), p.Source)
	}
	w.ask(t, at)
}

func stopsLate(t *testing.T, w *world) {
	at := w.submit(t, OK)
	w.over(t, at)
	w.ask(t, at)
	require.Equal(t, sb.SeenSucceeded, w.look(t, at).Sight)
}

func isGone(t *testing.T, w *world) {
	at := sb.Place{Target: w.Targets[OK], Name: w.submission(OK).Name}
	require.Equal(t, sb.SeenGone, w.look(t, at).Sight)
	w.ask(t, at)
	_, err := w.Adapter.Outcome(t.Context(), at)
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}

func deletedThere(t *testing.T, w *world) {
	if w.Delete == nil {
		t.Skip("nothing can be deleted here")
	}
	at := w.submit(t, OK)
	w.over(t, at)
	w.Delete(t, at)
	require.Equal(t, sb.SeenGone, w.look(t, at).Sight)
}

func clearedThere(t *testing.T, w *world) {
	if w.Clear == nil {
		t.Skip("nothing can be run again here")
	}
	at := w.submit(t, Fail)
	w.over(t, at)
	w.Clear(t, at)
	seen := w.until(t, at, func(s sb.Seen) bool {
		parts := w.parts(t, at)
		return s.Sight.Over() && len(parts) == 1 && parts[0].Try == 2 && parts[0].Sight.Over()
	})
	require.Equal(t, sb.SeenFailed, seen.Sight)
	for try := 1; try <= 2; try++ {
		parts := w.parts(t, at)
		body, err := w.Adapter.Log(t.Context(), at, parts[0], try)
		require.NoError(t, err, "try %d", try)
		require.NoError(t, body.Close())
	}
}

func findsStrays(t *testing.T, w *world) {
	d := w.submission(Sleep)
	at := w.send(t, d)
	view := w.view(t, []sb.Place{at}, "")
	require.Empty(t, view.Strays)
	view = w.view(t, nil, view.Mark)
	require.Len(t, view.Strays, 1, "what was open at the last look is there still")
	require.Equal(t, at.Name, view.Strays[0].Name)
	found := view.Strays[0].Target
	found.Version = at.Target.Version // which may be told more exactly than it was asked for
	require.Equal(t, at.Target, found)
	require.Equal(t, d.AttemptRef, view.Strays[0].Of)
	w.stop(t, view.Strays[0].Place)
}

func seesMany(t *testing.T, w *world) {
	var open []sb.Place
	for range 8 {
		open = append(open, w.submit(t, OK))
	}
	var mark sb.Mark
	for _, at := range open {
		w.over(t, at)
	}
	for range 2 { // with a mark as without
		view := w.view(t, open, mark)
		require.LessOrEqual(t, view.Calls, 4)
		for i, seen := range view.Places {
			require.Equal(t, open[i].Name, seen.Name)
			require.Equal(t, sb.SeenSucceeded, seen.Sight)
		}
		mark = view.Mark
	}
}

func missing(t *testing.T, w *world) {
	_, err := w.Adapter.Submit(t.Context(), w.submission(Missing))
	require.Equal(t, sb.NotFound, sb.CodeOf(err), err)
	at := sb.Place{Target: w.Targets[Missing], Name: w.submission(OK).Name}
	require.Equal(t, sb.SeenGone, w.look(t, at).Sight)
	faults, err := w.Adapter.Faults(t.Context(), sb.Route{Operators: []string{"*"}, Target: w.Targets[Missing]})
	require.NoError(t, err)
	require.Len(t, faults, 1)
	checks := w.Adapter.Probe(t.Context(), []sb.Route{{Operators: []string{"*"}, Target: w.Targets[Missing]}})
	last := checks[len(checks)-1]
	require.False(t, last.OK)
	require.NotEmpty(t, last.Fix)
}

func taken(t *testing.T, w *world) {
	d := w.submission(OK)
	w.send(t, d)
	d.Attempt++
	_, err := w.Adapter.Submit(t.Context(), d)
	require.Equal(t, sb.Conflict, sb.CodeOf(err), err)
}

func mapsLittle(t *testing.T, w *world) {
	if w.Typed {
		t.Skip("it takes what its targets declare, and nothing else")
	}
	d := w.submission(OK)
	d.Inputs = json.RawMessage(`{"text":"` + strings.Repeat("ü", 20<<10) + `","list":[1,2.5,null,{"a":true}]}`)
	w.over(t, w.send(t, d))
	d = w.submission(OK)
	d.Inputs = json.RawMessage(`{"text":"` + strings.Repeat("x", 49<<10) + `"}`)
	_, err := w.Adapter.Submit(t.Context(), d)
	require.Equal(t, sb.Invalid, sb.CodeOf(err), err)
}

func noLog(t *testing.T, w *world) {
	if w.NoLogs {
		t.Skip("its API has no text of logs")
	}
	at := w.submit(t, OK)
	w.over(t, at)
	parts := w.parts(t, at)
	none := sb.NotFound
	if w.NoLogs {
		none = sb.Invalid
	}
	for _, try := range []int{-1, 7} {
		_, err := w.Adapter.Log(t.Context(), at, parts[0], try)
		require.Equal(t, none, sb.CodeOf(err), "try %d: %v", try, err)
	}
}

func probes(t *testing.T, w *world) {
	checks := w.Adapter.Probe(t.Context(), []sb.Route{{Operators: []string{"*"}, Target: w.Targets[OK]}})
	require.GreaterOrEqual(t, len(checks), 4)
	for _, c := range checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		require.NotEmpty(t, c.Detail)
		require.Empty(t, c.Fix)
	}
}

func comparesRoutes(t *testing.T, w *world) {
	var undeclared []string
	if w.Typed {
		undeclared = []string{"inputs.unknown"}
	}
	for _, c := range []struct {
		inputs string
		faults []string
	}{
		{`{"must": "$params.must"}`, nil},
		{`"$params"`, nil},
		{`{"must": "x", "env": "prod"}`, nil},
		{`{"must": "x", "unknown": "$params.x"}`, undeclared},
		{`{}`, []string{"inputs.must"}},
		{`{"env": "qa"}`, []string{"inputs.env", "inputs.must"}},
	} {
		route := sb.Route{Operators: []string{"*"}, Target: w.Targets[Params], Inputs: json.RawMessage(c.inputs)}
		faults, err := w.Adapter.Faults(t.Context(), route)
		require.NoError(t, err)
		var where []string
		for _, f := range faults {
			where = append(where, f.Location)
		}
		require.Equal(t, c.faults, where, c.inputs)
	}
}
