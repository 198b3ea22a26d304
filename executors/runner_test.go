package executors

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestAttemptGoesFromClaimToEnd(t *testing.T) {
	t.Parallel()
	w := setup(t, `cat hello.txt; echo oops >&2; printf '{"n": NaN}' > "$SIGNALBOX_RESULT"`)
	require.NoError(t, w.do(t))
	require.ElementsMatch(t, []string{"INFO hello", "WARNING oops"}, w.messages())
	require.JSONEq(t, `{"n":{"$numberDouble":"NaN"}}`, string(w.result))
	require.Equal(t, 0, *w.end(t).ExitCode)
	require.Equal(t, "sbr_end_token", w.endToken)
	calls := slices.DeleteFunc(w.calls, func(c string) bool { return c == "heartbeat" })
	require.Equal(t, []string{"claim", "plugin", "start"}, calls[:3])
	require.Equal(t, "end", calls[len(calls)-1])
}

func TestProcessGetsItsEnvironment(t *testing.T) {
	t.Parallel()
	w := setup(t, `env; [ "$SIGNALBOX_TOKEN" = sbr_token ] && echo the token is ours; cat "$SIGNALBOX_CONTEXT"; echo; stat -c %a "$(dirname "$SIGNALBOX_CONTEXT")"`)
	w.runner.URL, w.runner.PythonPath, w.runner.BinPath = "http://127.0.0.1:1", "/python", "/bin-of-ours"
	w.answer.Secrets = map[string]string{"API_KEY": "abc", "SIGNALBOX_TOKEN": "forged"}
	w.answer.Dataset = &sb.ClaimDataset{ID: "D", Name: "birds"}
	require.NoError(t, w.do(t))
	log := w.log()
	for _, want := range []string{
		"SIGNALBOX_URL=http://127.0.0.1:1\n", "SIGNALBOX_RUN_ID=01RUN\n", "SIGNALBOX_ATTEMPT=2\n", "SIGNALBOX_TOKEN=***\n", " the token is ours\n",
		"PYTHONUNBUFFERED=1\n", "PYTHONPATH=/python\n", ":/bin-of-ours\n", "HOME=/nowhere\n", "API_KEY=abc\n", " 700\n",
		`{"operator":"@acme/tools/run","params":{"n":1},"dataset":{"id":"D","name":"birds"},"view":null,"run":"01RUN","attempt":2}`,
	} {
		require.Contains(t, log, want)
	}
	require.NotContains(t, log, "sbr_", "tokens are masked, and the end token is not the operator's")
}

func TestEnds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, script string
		check        func(*testing.T, *world, sb.EndRequest)
	}{
		{
			"a failed process has its status and the last lines of stderr", "echo a >&2; echo b >&2; exit 3",
			func(t *testing.T, _ *world, e sb.EndRequest) {
				require.Equal(t, 3, *e.ExitCode)
				require.Equal(t, "a\nb\n", e.Stack)
			},
		},
		{
			"at most 64 KiB of stderr are kept, the last ones", "seq 1 100000 >&2; exit 1",
			func(t *testing.T, w *world, e sb.EndRequest) {
				require.LessOrEqual(t, len(e.Stack), sb.MaxStack)
				require.True(t, strings.HasSuffix(e.Stack, "\n99999\n100000\n"))
				require.Len(t, w.messages(), 100000)
			},
		},
		{
			"a killed process says by what", "kill -SEGV $$",
			func(t *testing.T, _ *world, e sb.EndRequest) { require.Equal(t, "segmentation fault", e.Signal) },
		},
		{
			"secrets are masked in the log and in the stack", "echo key s3cr3t-key; echo s3cr3t-key >&2; exit 1",
			func(t *testing.T, w *world, e sb.EndRequest) {
				require.Contains(t, w.messages(), "INFO key ***")
				require.Equal(t, "***\n", e.Stack)
				require.NotContains(t, w.log(), "s3cr3t")
			},
		},
		{
			"a result that is no JSON fails the run", `echo '{"n":' > "$SIGNALBOX_RESULT"`,
			func(t *testing.T, w *world, _ sb.EndRequest) {
				require.Equal(t, "The result is not JSON.", w.failure.Message)
			},
		},
		{
			"a result that is too large fails the run with its size", `head -c 17000000 /dev/zero > "$SIGNALBOX_RESULT"`,
			func(t *testing.T, w *world, _ sb.EndRequest) { require.Contains(t, w.failure.Message, "17000000") },
		},
		{
			"a result that is a link to another file is not read", `ln -s /etc/hostname "$SIGNALBOX_RESULT"`,
			func(t *testing.T, w *world, _ sb.EndRequest) {
				require.Equal(t, "The result is not a file.", w.failure.Message)
			},
		},
		{
			"a result that is a pipe is not waited for", `mkfifo "$SIGNALBOX_RESULT"`,
			func(t *testing.T, w *world, _ sb.EndRequest) {
				require.Equal(t, "The result is not a file.", w.failure.Message)
			},
		},
		{
			"the result of a failed process is not reported", `echo 1 > "$SIGNALBOX_RESULT"; exit 1`,
			func(t *testing.T, w *world, _ sb.EndRequest) { require.Nil(t, w.result) },
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, c.script)
			w.answer.Secrets = map[string]string{"KEY": "s3cr3t-key"}
			require.NoError(t, w.do(t))
			c.check(t, w, w.end(t))
			left, err := os.ReadDir(filepath.Join(w.runner.folder("h/default"), "runs"))
			require.NoError(t, err)
			require.Empty(t, left, "the work folder is removed")
		})
	}
}

func TestWhatNeverBegins(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*world)
		end    sb.EndRequest
	}{
		{
			"a run that is over at its start is handed back", func(w *world) { w.fail = times(1, "start", errRunOver) },
			sb.EndRequest{HandedBack: true, Reason: "it was over before it began"},
		},
		{
			"a stale attempt at its start is handed back", func(w *world) { w.fail = times(1, "start", errStale) },
			sb.EndRequest{HandedBack: true, Reason: "it was over before it began"},
		},
		{
			"an operator that needs another runtime is broken", func(w *world) { w.answer.Command = nil },
			sb.EndRequest{Broken: true, Reason: "operator @acme/tools/run has no command of its own and needs FiftyOne, which this worker does not have: set SIGNALBOX_PYTHON there to a Python that has it"},
		},
		{
			"an unknown executor is broken", func(w *world) { w.answer.Command.Executor = "cloud" },
			sb.EndRequest{Broken: true, Reason: `this worker has no executor "cloud"`},
		},
		{
			"an archive that arrives damaged again and again is broken", func(w *world) { w.archive = []byte("no zip") },
			sb.EndRequest{Broken: true, Reason: "the archive of plugin @acme/tools does not arrive as it was pinned"},
		},
		{
			"a manifest outside of the archive is broken", func(w *world) { w.answer.Plugin.Root = "../.." },
			sb.EndRequest{Broken: true, Reason: "plugin @acme/tools has its manifest outside of its archive"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, `touch "`+t.TempDir()+`/begun"`)
			c.change(w)
			require.NoError(t, w.do(t))
			require.Equal(t, c.end, w.end(t))
			require.Zero(t, w.called("logs"))
		})
	}
}

func TestCommandThatIsNotThereIsTheOperatorsFault(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	w.answer.Command.Argv = []string{"there-is-no-such-command"}
	require.NoError(t, w.do(t))
	end := w.end(t)
	require.False(t, end.Broken)
	require.Equal(t, 126, *end.ExitCode, "so that the run fails with kind error")
	require.Contains(t, end.Reason, `"there-is-no-such-command" was not found on the worker's PATH`)
}

func TestClaims(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		err  error
		want sb.Code
	}{
		{"a run that is over is nothing to do", errRunOver, ""},
		{"an attempt of another worker is nothing to do", errStale, ""},
		{"a run that is gone is nothing to do", sb.Errorf(sb.NotFound, "there is no such run"), ""},
		{"with a wrong key another worker may take it", sb.Errorf(sb.Unauthenticated, "wrong key"), sb.Unavailable},
		{"a claim that is refused for good is an error", sb.Errorf(sb.Invalid, "no nonce"), sb.Invalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "")
			w.fail = times(1, "claim", c.err)
			require.Equal(t, c.want, sb.CodeOf(w.do(t)))
			require.Zero(t, w.called("start"))
			require.Zero(t, w.called("end"))
		})
	}
}

func TestLostAnswersAreAskedForAgain(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"claim", "plugin", "start", "heartbeat", "logs", "complete", "end"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := setup(t, `echo hello; echo 1 > "$SIGNALBOX_RESULT"`)
			w.fail = times(2, call, errAway)
			require.NoError(t, w.do(t))
			require.Equal(t, []string{"INFO hello"}, w.messages())
			require.Equal(t, "1\n", string(w.result))
			require.Equal(t, 0, *w.end(t).ExitCode)
		})
	}
}

func TestClaimIsAskedForWithOneNonceWhileTheWorkIsWanted(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	ctx, stop := context.WithCancel(t.Context())
	tries := 0
	w.fail = func(_ context.Context, _ string) error {
		if tries++; tries == 3 {
			stop()
		}
		return errAway
	}
	_, err := w.runner.Do(Until{Begin: ctx, Work: ctx, Talk: t.Context()}, sb.ClaimRequest{AttemptRef: ref})
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.Equal(t, 3, tries)
}

func TestEndThatIsRefusedIsOver(t *testing.T) {
	t.Parallel()
	w := setup(t, "exit 0")
	w.fail = times(1, "end", errStale)
	require.NoError(t, w.do(t))
	require.Empty(t, w.ends)
}

func TestEndThatCannotBeToldIsAnError(t *testing.T) {
	t.Parallel()
	w := setup(t, "exit 0")
	talk, quiet := context.WithCancel(t.Context())
	w.fail = func(_ context.Context, call string) error {
		if call == "end" {
			quiet()
			return errAway
		}
		return nil
	}
	_, err := w.runner.Do(Until{Begin: t.Context(), Work: t.Context(), Talk: talk}, sb.ClaimRequest{AttemptRef: ref})
	require.Equal(t, sb.Internal, sb.CodeOf(err))
}

func TestStopByHeartbeat(t *testing.T) {
	t.Parallel()
	w := setup(t, "echo begun; sleep 1000 & wait")
	w.stop = true
	require.NoError(t, w.do(t))
	require.Equal(t, "terminated", w.end(t).Signal)
	require.False(t, w.end(t).WorkerLost)
	require.Equal(t, []string{"INFO begun"}, w.messages())
}

func TestHeartbeatThatIsRefusedEndsTheWork(t *testing.T) {
	t.Parallel()
	w := setup(t, "sleep 1000 & wait")
	w.fail = times(1000, "heartbeat", errStale)
	require.NoError(t, w.do(t))
	require.Equal(t, "terminated", w.end(t).Signal)
}

func TestWorkWithoutAnAnswerIsGivenUpBeforeTheFence(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"when the control plane is away":  errAway,
		"when it does not know the token": sb.Errorf(sb.Unauthenticated, "no such token"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "sleep 1000 & wait")
			w.runner.Fence = fenceMargin + 1500*time.Millisecond
			w.fail = times(1000, "heartbeat", err)
			require.NoError(t, w.do(t))
			require.True(t, w.end(t).WorkerLost)
			require.Contains(t, w.end(t).Reason, "no answer")
		})
	}
}

func TestWorkIsGivenUpAtTheFenceAlthoughTheNextCallMayBeAnswered(t *testing.T) {
	t.Parallel()
	w := setup(t, "sleep 1000 & wait")
	w.runner.Fence = fenceMargin
	require.NoError(t, w.do(t))
	require.True(t, w.end(t).WorkerLost)
}

func TestALeaseCountsFromTheTimeItWasAskedFor(t *testing.T) {
	t.Parallel()
	var h heard
	asked := time.Now()
	h.note(asked.Add(time.Second))
	h.note(asked) // its answer took longer
	require.Equal(t, asked.Add(time.Second), h.last())

	r := &Runner{Settings: Settings{Fence: time.Minute}, now: func() time.Time { return asked }}
	a := newAttempt(r, sb.ClaimRequest{}, sb.ClaimAnswer{}, asked.Add(-46*time.Second), nil)
	require.True(t, a.fenced())
	r.all.note(asked.Add(-44 * time.Second))
	require.False(t, a.fenced(), "the worker's word renewed it")
}

func TestDownloadsMayFailForAWhile(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	var s spell
	for _, f := range []struct {
		name      string
		at, heard time.Duration
		over      bool
	}{
		{"the first failure is not the last", 0, 0, false},
		{"nor is one soon after", time.Minute, time.Minute, false},
		{"while the control plane is away the time begins anew", 3 * time.Minute, time.Minute, false},
		{"when it is back there is time", 4 * time.Minute, 4 * time.Minute, false},
		{"but not for ever", 5 * time.Minute, 5 * time.Minute, true},
	} {
		require.Equal(t, f.over, s.over(begin.Add(f.at), begin.Add(f.heard)), f.name)
	}
}

func TestStopBeforeTheStart(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	ctx, stop := context.WithCancel(t.Context())
	w.fail = func(_ context.Context, call string) error {
		if call == "plugin" {
			stop()
			return errAway
		}
		return nil
	}
	told, err := w.runner.Do(Until{Begin: ctx, Work: ctx, Talk: t.Context()}, sb.ClaimRequest{AttemptRef: ref})
	require.NoError(t, err)
	require.True(t, told)
	require.True(t, w.end(t).HandedBack)
	require.Zero(t, w.called("start"))
}

func TestDummyOperatorReportsThroughTheWorkAPI(t *testing.T) {
	t.Parallel()
	w := setup(t, "").scripted("sleep", `{"seconds":0.001,"result":{"a":1}}`)
	require.NoError(t, w.do(t))
	require.JSONEq(t, `{"a":1}`, string(w.result))
	require.Len(t, w.fractions, 10)
	require.Zero(t, w.called("plugin"), "it needs no plugin's files")

	w = setup(t, "").scripted("fail", `{"message":"no luck"}`)
	require.NoError(t, w.do(t))
	require.Equal(t, "no luck", w.failure.Message)
	require.Equal(t, 1, *w.end(t).ExitCode)
}

func TestPluginIsFetchedOnceForManyRuns(t *testing.T) {
	t.Parallel()
	w := setup(t, "cat hello.txt").scripted("ok", "{}")
	w.answer.Command = &sb.ClaimCommand{Argv: []string{"cat", "hello.txt"}}
	require.NoError(t, w.do(t))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			claim := sb.ClaimRequest{AttemptRef: sb.AttemptRef{Run: fmt.Sprint("R", i), Attempt: 1}, Worker: "w"}
			_, _ = w.runner.Do(Until{Begin: t.Context(), Work: t.Context(), Talk: t.Context()}, claim)
		})
	}
	all.Wait()
	require.Equal(t, 1, w.called("plugin"))
	require.Len(t, w.ends, 9)
}

func TestWorkersThatFetchOnePluginAtOnceShareIt(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	c := w.runner.cache
	folders := make([]string, 8)
	var all sync.WaitGroup
	for i := range folders {
		all.Go(func() {
			folders[i], _ = c.folder(t.Context(), w.answer.Plugin, func(_ context.Context, f *os.File) error {
				_, err := f.Write(w.archive)
				return err
			})
		})
	}
	all.Wait()
	for _, f := range folders {
		require.Equal(t, filepath.Join(c.dir, w.answer.Plugin.SHA256, "tools"), f)
	}
	left, err := os.ReadDir(c.dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	c.forget(w.runner.now().Add(2 * cacheUnused))
	require.NoFileExists(t, folders[0])
}
