// Package dummy executes scripted work inside the worker: no process is started. It behaves like a real executor for
// tests, the demonstration and benchmarks. What it does is named by the command's first word, or else by the
// operator's name; the params fill in the rest (see Script).
package dummy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	sb "signalbox"
)

// Script is what the params may say.
type Script struct {
	Seconds float64         `json:"seconds"` // sleep: how long; 1 by default
	Size    Size            `json:"size"`    // log: how much is written at least, in whole lines; 1 MiB by default
	Bytes   Size            `json:"bytes"`   // log: the same
	Lines   int64           `json:"lines"`   // log: how many lines are written, if no size is given
	Message string          `json:"message"` // fail: what is reported; log: each line
	Result  json.RawMessage `json:"result"`  // ok, sleep: what is reported
}

// Size is a number of bytes. It reads a number, or text such as "10MB" or "3 MiB".
type Size int64

var units = map[string]int64{
	"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30,
}

// UnmarshalJSON reads a number, or text with a unit.
func (s *Size) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	digits := strings.TrimRight(text, " kMGiB")
	unit, known := units[strings.TrimSuffix(strings.TrimSpace(text[len(digits):]), "B")]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 0 || n > math.MaxInt64/unit {
		return sb.Errorf(sb.Invalid, "%s is not a size such as 10MB", b)
	}
	*s = Size(n * unit)
	return nil
}

// Executor executes scripted work. The zero value works.
type Executor struct{}

var _ sb.Executor = Executor{}

// scripts by name: each returns how the work ended.
var scripts = map[string]func(context.Context, sb.Job, Script) sb.End{
	"ok":    ok,
	"fail":  fail,
	"sleep": sleep,
	"log":   log,
	"hang":  hang,
	"die":   die,
}

// Execute does what the script says. Every script ends at once when ctx is done, as if killed by SIGTERM.
func (Executor) Execute(ctx context.Context, job sb.Job, started func()) (sb.End, error) {
	name := job.Command[0]
	if scripts[name] == nil {
		_, name, _ = sb.SplitURI(job.Operator)
	}
	do := scripts[name]
	if do == nil {
		return sb.End{}, sb.Errorf(sb.Invalid, "the dummy executor has no script %q: ok, fail, sleep, log, hang and die are there", name)
	}
	var s Script
	if len(job.Params) > 0 {
		if err := json.Unmarshal(job.Params, &s); err != nil {
			return sb.End{}, sb.Wrap(err, sb.Invalid, "the params do not fit the dummy executor: %v", err)
		}
	}
	started()
	return do(ctx, job, s), nil
}

func ok(ctx context.Context, job sb.Job, s Script) sb.End {
	if ctx.Err() != nil {
		return terminated()
	}
	if len(s.Result) > 0 {
		if err := job.Report.Complete(ctx, s.Result); err != nil {
			return broke(job, err)
		}
	}
	return exit(0)
}

func fail(ctx context.Context, job sb.Job, s Script) sb.End {
	if s.Message == "" {
		s.Message = "It failed because it was told to."
	}
	_, _ = fmt.Fprintln(job.Stderr, s.Message)
	if err := job.Report.Fail(ctx, s.Message, "dummy.go: fail"); err != nil {
		return broke(job, err)
	}
	return exit(1)
}

func sleep(ctx context.Context, job sb.Job, s Script) sb.End {
	if s.Seconds == 0 {
		s.Seconds = 1
	}
	const steps = 10
	step := time.NewTicker(max(time.Duration(s.Seconds*float64(time.Second)/steps), time.Microsecond))
	defer step.Stop()
	for i := range steps {
		select {
		case <-ctx.Done():
			return terminated()
		case <-step.C:
			_ = job.Report.Progress(ctx, float64(i+1)/steps, fmt.Sprintf("slept %d of %d parts", i+1, steps))
		}
	}
	return ok(ctx, job, s)
}

func log(ctx context.Context, job sb.Job, s Script) sb.End {
	if s.Message == "" {
		s.Message = "the quick brown fox jumps over the lazy dog"
	}
	line := []byte(s.Message + "\n")
	lines := s.lines(int64(len(line)))
	const atOnce = 512
	block := bytes.Repeat(line, atOnce)
	for ; lines > 0; lines -= atOnce {
		if ctx.Err() != nil {
			return terminated()
		}
		if _, err := job.Stdout.Write(block[:min(lines, atOnce)*int64(len(line))]); err != nil {
			return broke(job, err)
		}
	}
	return exit(0)
}

// lines is how many lines of a length the script writes.
func (s Script) lines(length int64) int64 {
	size := int64(max(s.Size, s.Bytes))
	if size == 0 && s.Lines > 0 {
		return s.Lines
	}
	if size == 0 {
		size = 1 << 20
	}
	return (size + length - 1) / length
}

func hang(ctx context.Context, _ sb.Job, _ Script) sb.End {
	<-ctx.Done()
	return terminated()
}

func die(context.Context, sb.Job, Script) sb.End { return sb.End{Signal: "killed"} }

func exit(code int) sb.End { return sb.End{ExitCode: &code} }

func terminated() sb.End { return sb.End{Signal: "terminated"} }

// broke ends a script whose report or output was refused.
func broke(job sb.Job, err error) sb.End {
	_, _ = fmt.Fprintln(job.Stderr, err)
	return exit(1)
}
