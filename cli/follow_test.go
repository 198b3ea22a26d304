package cli_test

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"signalbox/cli"
)

// following is a command that runs while the test reads what it tells.
type following struct {
	*world
	told *bufio.Scanner
	all  []string
	code chan int
}

func (w *world) follow(args ...string) *following {
	r, stderr := io.Pipe()
	f := &following{world: w, told: bufio.NewScanner(r), code: make(chan int, 1)}
	w.errs = stderr
	go func() {
		f.code <- w.do(args...)
		_ = stderr.Close()
	}()
	w.t.Cleanup(func() { _ = r.Close() })
	return f
}

// until reads lines until one holds the text.
func (f *following) until(text string) {
	f.t.Helper()
	for f.told.Scan() {
		f.all = append(f.all, f.told.Text())
		if strings.Contains(f.told.Text(), text) {
			return
		}
	}
	f.t.Fatalf("%q was never told, only:\n%s", text, strings.Join(f.all, "\n"))
}

func (f *following) end() int {
	for f.told.Scan() {
		f.all = append(f.all, f.told.Text())
	}
	return <-f.code
}

func active(fraction float64, label string) []any {
	return []any{
		"work",
		map[string]string{"state": "active", "worker": "host/default"},
		"progress",
		map[string]any{"fraction": fraction, "label": label, "updated_at": noon},
	}
}

func TestFollowToTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.follow("runs", "schedule", "@acme/tools/hello", "--dataset", "zoo", "-p", "name=Ana", "-p", "times=3", "--follow")
	f.until("waits: Number 2 in the queue")
	w.become("queued", "attempt", 1, "queued_at", noon)
	f.until("queued: on builtin")
	w.become("running", active(0.5, "half way")...)
	f.until("progress: 50 % half way")
	w.change(func() { w.lines = append(w.lines, "hello", "there") })
	f.until("there")
	w.become("completed", "work", map[string]string{"state": "ended"}, "result", map[string]any{"greeting": "Hello, Ana!"})
	w.change(func() { w.logOver = true })
	require.Equal(t, 0, f.end())
	golden(t, `
		run 01R of @acme/tools/hello
		scheduled
		waits: Number 2 in the queue of builtin: 1 of 1 slots are in use.
		queued: on builtin
		running: at host/default
		progress: 50 % half way
		             INFO     hello
		             INFO     there
		completed
		`, strings.Join(f.all, "\n")+"\n")
	require.Equal(t, "greeting: \"Hello, Ana!\"\n", w.out.String())
	require.Equal(t, []string{`{"operator":"@acme/tools/hello","dataset":"zoo","params":{"name":"Ana","times":3}}`}, w.bodies)
}

func TestFollowAFailure(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.follow("runs", "watch", "01R")
	f.until("waits")
	w.become("failed", "attempt", 1, "work", map[string]string{"state": "ended"}, "failure",
		map[string]string{"kind": "error", "message": "ValueError: no images", "stack": "Traceback (most recent call last):\n  File \"x.py\"\n\x1b[31mValueError: no images\n"})
	w.change(func() { w.logOver = true })
	require.Equal(t, 1, f.end())
	golden(t, `
		Failed (error): ValueError: no images

		Traceback (most recent call last):
		  File "x.py"
		 [31mValueError: no images
		`, w.out.String())
}

func TestFollowAsJSONGivesTheRunAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.run["later_field"] = 1.5
	f := w.follow("runs", "watch", "01R", "-o", "json")
	f.until("waits")
	w.become("completed", "work", map[string]string{"state": "ended"})
	w.change(func() { w.logOver = true })
	require.Equal(t, 0, f.end())
	require.Contains(t, w.out.String(), `"later_field": 1.5`)
	require.True(t, strings.HasPrefix(w.out.String(), "{\n"))
}

func TestFollowGoesOnWhenStreamsBreak(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.follow("runs", "watch", "01R")
	f.until("waits")
	w.become("running", active(0.1, "begun")...)
	w.change(func() { w.lines = append(w.lines, "one") })
	f.until("one")
	w.change(func() { w.drops++; w.lines = append(w.lines, "two") })
	f.until("two")
	w.become("running", active(0.2, "after the break")...)
	f.until("after the break")
	w.become("completed", "work", map[string]string{"state": "ended"})
	w.change(func() { w.drops++; w.lines = append(w.lines, "three"); w.logOver = true })
	require.Equal(t, 0, f.end())
	var log []string
	for _, line := range f.all {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "INFO     "); ok {
			log = append(log, text)
		}
	}
	require.Equal(t, []string{"one", "two", "three"}, log)
}

func TestFollowWaitsForAServerThatIsAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.follow("runs", "watch", "01R")
	f.until("waits")
	w.change(func() { w.down = true })
	f.until("The server does not answer")
	w.change(func() { w.down = false })
	f.until("The server answers again.")
	w.become("completed", "work", map[string]string{"state": "ended"})
	w.change(func() { w.logOver = true })
	require.Equal(t, 0, f.end())
}

func TestFollowAMarkedRunDoesNotWaitForItsWork(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.follow("runs", "watch", "01R")
	f.until("waits")
	w.become("failed", "work", map[string]string{"state": "active"}, "failure", map[string]string{"kind": "marked", "message": "Marked as failed by Ana."})
	require.Equal(t, 1, f.end())
	require.Equal(t, "Failed (marked): Marked as failed by Ana. Its work is active.\n", w.out.String())
}

func TestFollowInterrupted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r, stderr := io.Pipe()
	w.env.Stdout, w.env.Stderr = &w.out, stderr
	cmd := cli.Command(w.env)
	cmd.SetArgs([]string{"runs", "watch", "01R"})
	ctx, interrupt := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- cli.Report(stderr, cmd.ExecuteContext(ctx))
		_ = stderr.Close()
	}()
	f := &following{world: w, told: bufio.NewScanner(r), code: code}
	f.until("waits")
	interrupt()
	f.until("The run goes on. Follow it with `signalbox runs watch 01R`")
	require.Equal(t, 130, f.end())
}

func TestFollowOnATerminalKeepsABarBelowTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.env.Terminal = func(io.Writer) int { return 100 }
	w.vars["NO_COLOR"] = "1"
	f := w.follow("runs", "watch", "01R")
	f.until("waits")
	w.become("running", active(0.25, "a quarter")...)
	f.until("running")
	w.change(func() { w.lines = append(w.lines, "a line") })
	f.until("a line")
	w.become("running", active(0.5, "half")...)
	w.become("completed", "work", map[string]string{"state": "ended"})
	w.change(func() { w.logOver = true })
	require.Equal(t, 0, f.end())
	told := strings.Join(f.all, "\n")
	require.Contains(t, told, "a quarter")
	require.Contains(t, told, "25%")
	require.NotContains(t, told, "progress:")
	require.NotContains(t, told, "\x1b[31m")
}

func TestWatchAllTellsEachChangeOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r, stdout := io.Pipe()
	w.env.Stdout, w.env.Stderr = stdout, io.Discard
	cmd := cli.Command(w.env)
	cmd.SetArgs([]string{"runs", "watch"})
	ctx, interrupt := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- cli.Report(io.Discard, cmd.ExecuteContext(ctx))
		_ = stdout.Close()
	}()
	f := &following{world: w, told: bufio.NewScanner(r), code: code}
	f.until("scheduled  @acme/tools/hello  number 2 in the queue of builtin")
	w.change(func() {})
	w.become("running")
	f.until("running")
	interrupt()
	require.Equal(t, 130, f.end())
	require.Len(t, f.all, 2)
	require.True(t, strings.HasPrefix(f.all[0], noon.In(time.Local).Format("15:04:05")+"  01R  "))
}
