package signalbox

import (
	"context"
	"encoding/json"
	"io"
)

// Job is one attempt's work as an executor gets it.
type Job struct {
	Process
	Operator string
	EndToken string          // for who tells the end should this process die; never in Env
	Command  []string        // never empty; no shell
	Forks    []string        // the command of a server to fork its process from, which has imported what it needs; nil: none
	Params   json.RawMessage // for executors that start no process
	Dir      string          // the current folder of the process: the unpacked plugin
	Env      []string        // all of the process's environment, as NAME=value
	Stdout   io.Writer       // written by one goroutine at a time each
	Stderr   io.Writer
	Report   Reporter // for executors that start no process
}

// Reporter lets an executor that starts no process say what its work would say through the work API.
type Reporter interface {
	Progress(ctx context.Context, fraction float64, label string) error
	Complete(ctx context.Context, result json.RawMessage) error
	Fail(ctx context.Context, message, stack string) error
}

// Executor is a way to execute work that we own. Each is safe for use by several goroutines.
type Executor interface {
	// Execute does the job and returns how it ended, when everything it started is gone: the process, and its
	// whole group. When ctx is done it ends the work (SIGTERM to the group, SIGKILL 10 s later) and returns how
	// that ended, which is never an error. It calls started once, just after the work has begun. Execute is never
	// repeated for one attempt. An error means that nothing began; its message is for people. Errors:
	// Invalid (the job itself cannot be done, here or elsewhere), any other (this worker cannot do it).
	Execute(ctx context.Context, job Job, started func()) (End, error)
}
