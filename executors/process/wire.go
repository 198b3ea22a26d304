package process

import (
	"errors"
	"strings"
	"time"

	sb "signalbox"
)

// The words that the worker says to a shim, one a line, after the order. A closed pipe says that the worker died.
const (
	wordStop = "stop" // end the group
	wordTold = "told" // the end has been told: exit
)

// order is what a shim gets first: it travels through a pipe, so that no token is in an argument list.
type order struct {
	Argv  []string      `json:"argv"`
	Dir   string        `json:"dir"`
	Env   []string      `json:"env"`
	Grace time.Duration `json:"grace"`
	URL   string        `json:"url"` // of the control plane; "" tells nobody
	Run   string        `json:"run"`
	Token string        `json:"token"` // the end token

	Account *Account `json:"account,omitempty"` // that runs the operator; nil: the worker's
	Bound   *bound   `json:"bound,omitempty"`   // of the run's memory; nil: none
}

func orderOf(job sb.Job, o Options, b *bound) order {
	return order{
		Argv: job.Command, Dir: job.Dir, Env: job.Env, Grace: o.Grace, Account: o.Account, Bound: b,
		URL: lookup(job.Env, "SIGNALBOX_URL"), Run: job.Run, Token: job.EndToken,
	}
}

func lookup(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// status is what a shim tells: that the process runs, that it could not be started, or how it ended.
type status struct {
	PID      int    `json:"pid,omitempty"`
	Shim     int    `json:"shim,omitempty"` // its own process, of one that was forked
	Error    string `json:"error,omitempty"`
	Fault    bool   `json:"fault,omitempty"` // the error is the command's
	ExitCode *int   `json:"exit_code,omitempty"`
	Signal   string `json:"signal,omitempty"`
	Reason   string `json:"reason,omitempty"` // more than the status and the signal say
}

// notBegun is the status of a process that could not be started.
func notBegun(err error) status {
	var known *sb.Error
	if errors.As(err, &known) {
		return status{Error: known.Message, Fault: known.Code == sb.Invalid}
	}
	return status{Error: err.Error()}
}

// err is the error that the status tells of, or nil.
func (s status) err() error {
	switch {
	case s.Error == "":
		return nil
	case s.Fault:
		return sb.Errorf(sb.Invalid, "%s", s.Error)
	}
	return sb.Errorf(sb.Internal, "%s", s.Error)
}

func (s status) end() sb.End {
	return sb.End{ExitCode: s.ExitCode, Signal: s.Signal, Reason: s.Reason}
}

// lost is the end as the shim tells it for a worker that died.
func (s status) lost() sb.EndRequest {
	reason := "the worker died; its process was ended"
	if s.ExitCode != nil {
		reason = "the worker died before it could tell how the work ended: " + s.end().String()
	}
	return sb.EndRequest{ExitCode: s.ExitCode, Signal: s.Signal, WorkerLost: true, Reason: reason}
}
