// Package executortest is the contract that every executor passes: what signalbox.Executor promises, tried out.
package executortest

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// The jobs that an executor under test must offer by name.
const (
	OK     = "ok"     // exits well
	Fail   = "fail"   // writes "broken" to stderr and exits with a status that is not 0
	Log    = "log"    // writes 1,000 lines to stdout
	Hang   = "hang"   // goes on until it is stopped
	Die    = "die"    // is killed by SIGKILL
	Refuse = "refuse" // cannot begin
)

// patience bounds every wait of the suite: only a broken executor reaches it.
const patience = 30 * time.Second

// Subject is an executor under test.
type Subject struct {
	Executor sb.Executor
	Job      func(t *testing.T, name string) sb.Job // a fresh job; the suite fills in streams and reporter
}

// Run tries the contract on an executor; open gives a fresh one for each test.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	cases := map[string]func(*testing.T, Subject){
		"a job that exits well has exit status 0":            exitsWell,
		"a job that fails tells its status and its stderr":   failsWithStderr,
		"all output has been written when the job has ended": writesAll,
		"a job that is stopped ends by a signal":             endsWhenStopped,
		"a job whose ctx is done before it starts ends":      endsAtOnce,
		"a job that is killed says so":                       saysKilled,
		"a job that cannot begin is an error":                refuses,
		"several jobs go on at once":                         runsSeveral,
	}
	for name, try := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, open(t))
		})
	}
}

// Done is a job that has been executed.
type Done struct {
	End            sb.End
	Err            error
	Started        int // how often started was called
	Stdout, Stderr *bytes.Buffer
}

// Execute executes a named job until it ends; began is called when it has begun.
func Execute(ctx context.Context, t *testing.T, s Subject, name string, began func()) Done {
	t.Helper()
	job := s.Job(t, name)
	d := Done{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}
	job.Stdout, job.Stderr, job.Report = d.Stdout, d.Stderr, &Reports{}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d.End, d.Err = s.Executor.Execute(ctx, job, func() {
		d.Started++
		if began != nil {
			began()
		}
	})
	if w, ok := s.Executor.(interface{ Told(p sb.Process) }); ok {
		w.Told(job.Process)
	}
	return d
}

func exitsWell(t *testing.T, s Subject) {
	d := Execute(t.Context(), t, s, OK, nil)
	require.NoError(t, d.Err)
	require.Equal(t, 1, d.Started)
	require.NotNil(t, d.End.ExitCode)
	require.Zero(t, *d.End.ExitCode)
	require.Empty(t, d.End.Signal)
}

func failsWithStderr(t *testing.T, s Subject) {
	d := Execute(t.Context(), t, s, Fail, nil)
	require.NoError(t, d.Err)
	require.NotNil(t, d.End.ExitCode)
	require.NotZero(t, *d.End.ExitCode)
	require.Contains(t, d.Stderr.String(), "broken")
}

func writesAll(t *testing.T, s Subject) {
	d := Execute(t.Context(), t, s, Log, nil)
	require.NoError(t, d.Err)
	require.Equal(t, 1000, bytes.Count(d.Stdout.Bytes(), []byte("\n")))
}

func endsWhenStopped(t *testing.T, s Subject) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	d := Execute(ctx, t, s, Hang, stop)
	require.NoError(t, d.Err)
	require.Equal(t, 1, d.Started)
	require.NotEmpty(t, d.End.Signal)
	require.Nil(t, d.End.ExitCode)
}

func endsAtOnce(t *testing.T, s Subject) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	d := Execute(ctx, t, s, Hang, nil)
	if d.Err == nil {
		require.NotEmpty(t, d.End.Signal)
	}
}

func saysKilled(t *testing.T, s Subject) {
	d := Execute(t.Context(), t, s, Die, nil)
	require.NoError(t, d.Err)
	require.Equal(t, "killed", d.End.Signal)
}

func refuses(t *testing.T, s Subject) {
	d := Execute(t.Context(), t, s, Refuse, nil)
	require.Error(t, d.Err)
	require.Zero(t, d.Started)
}

func runsSeveral(t *testing.T, s Subject) {
	const jobs = 4
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var begun, done sync.WaitGroup
	begun.Add(jobs)
	ends := make([]Done, jobs)
	for i := range jobs {
		done.Go(func() { ends[i] = Execute(ctx, t, s, Hang, begun.Done) })
	}
	begun.Wait()
	stop()
	done.Wait()
	for _, d := range ends {
		require.NoError(t, d.Err)
		require.NotEmpty(t, d.End.Signal)
	}
}

// Reports keeps what a job reports. Safe for use by several goroutines.
type Reports struct {
	mu        sync.Mutex
	Fractions []float64
	Result    json.RawMessage
	Failure   string
}

var _ sb.Reporter = (*Reports)(nil)

// Progress keeps the fraction.
func (r *Reports) Progress(_ context.Context, fraction float64, _ string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Fractions = append(r.Fractions, fraction)
	return nil
}

// Complete keeps the result.
func (r *Reports) Complete(_ context.Context, result json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Result = result
	return nil
}

// Fail keeps the message.
func (r *Reports) Fail(_ context.Context, message, _ string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Failure = message
	return nil
}
