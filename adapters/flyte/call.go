package flyte

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// authorized sends with credentials, and reads the answer.
func (a *Adapter) authorized(ctx context.Context, r outbound.Request) (outbound.Reply, error) {
	return a.send(ctx, r, a.out.Do)
}

// streamed is authorized for an answer of any length, which the caller closes. It is nil when the answer says no.
func (a *Adapter) streamed(ctx context.Context, r outbound.Request) (body io.ReadCloser, reply outbound.Reply, err error) {
	reply, err = a.send(ctx, r, func(ctx context.Context, r outbound.Request) (outbound.Reply, error) {
		var reply outbound.Reply
		body, reply, err = a.out.Stream(ctx, r)
		return reply, err
	})
	return body, reply, err
}

// send sends with credentials, and once more with new ones if the first are no longer taken.
func (a *Adapter) send(
	ctx context.Context, r outbound.Request, once func(context.Context, outbound.Request) (outbound.Reply, error),
) (outbound.Reply, error) {
	for again := false; ; again = true {
		header, err := a.login.header(ctx)
		if err != nil {
			return outbound.Reply{}, err
		}
		sent := r
		sent.Header = r.Header.Clone()
		for name, values := range header {
			sent.Header[name] = values
		}
		count(ctx)
		reply, err := once(ctx, sent)
		if err != nil || again || reply.Status != http.StatusUnauthorized || !a.login.drop(header) {
			return reply, err
		}
	}
}

// asJSON are the headers for which FlyteAdmin speaks JSON in snake case.
func asJSON(body bool) http.Header {
	h := http.Header{"Accept": {"application/json"}}
	if body {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// refused is an answer that says no. What it says stays in this package: it may quote what we sent.
type refused struct {
	status int
	code   int    // of gRPC; 0 when it does not say
	said   string // may hold what must not be shown
}

func (r *refused) Error() string { return "status " + http.StatusText(r.status) }

// refusalOf gives the answer that said no, with status 0 when there was none.
func refusalOf(err error) refused {
	var r *refused
	if errors.As(err, &r) {
		return *r
	}
	return refused{}
}

// notTaken says that credentials are refused.
func notTaken(auth string, reply outbound.Reply) error {
	text := "Flyte does not take the credentials it was given"
	if auth == byNone {
		text = "Flyte wants a login: set auth to token or client_credentials"
	}
	said := objectOf(reply.Body)
	if said.number("code") == 0 {
		text += ", or something before it, such as a proxy, does not"
	}
	return sb.Wrap(&refused{status: reply.Status, code: said.number("code"), said: said.text("message")}, sb.Unauthenticated, "%s (status %d)", text, reply.Status)
}

// words is what people may read of an error.
func words(err error) string {
	var e *sb.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "it could not be asked"
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

type countKey struct{}

// counted counts the requests made with the context it returns.
func counted(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}
