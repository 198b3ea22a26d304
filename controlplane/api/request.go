package api

import (
	"context"
	"io"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// request is what belongs to one request besides its input: who asks, and where its log lines go.
type request struct {
	id    string
	log   *logrus.Entry
	trace string // its place in a trace, as in the header traceparent; "" for none
	head  bool   // HEAD: no body is wanted
	key   string // as it came; never logged

	refused func(context.Context) // keeps a 403 in the audit log; nil for who is no person

	caller       caller     // through the door of people
	orchestrator string     // through the door of orchestrators: its id
	process      sb.Process // through the door of run tokens
	holder       bool       // it came with the end token, which the worker has
}

// caller is a person or service account, with the settings in force.
type caller struct {
	sb.Principal
	sb.Settings
	via     string      // for the audit log: which key or session
	session *sb.Session // nil for a key
}

// facts are those about the caller alone.
func (c caller) facts() sb.Facts { return sb.Facts{Principal: c.Principal, Settings: c.Settings} }

type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// requestOf gives the request of a context; outside of one, an empty one whose log lines go nowhere.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	return &request{log: logrus.NewEntry(silent)}
}

func callerOf(ctx context.Context) caller { return requestOf(ctx).caller }

func processOf(ctx context.Context) sb.Process { return requestOf(ctx).process }
