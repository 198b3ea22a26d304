package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	sb "signalbox"
)

const (
	maxAnswer = 8 << 20  // of one ordinary answer
	maxRun    = 40 << 20 // of one whole run: its result alone may have 16 MiB
)

// conn is one server with one key.
type conn struct {
	base  string // without a slash at its end
	key   func() string
	agent string
	http  *http.Client

	// strict takes nothing but the API's own words for an answer: all else is Unavailable, so that no proxy in between
	// can say that a run is over, or that its end was heard.
	strict bool
}

// request is one call of the API.
type request struct {
	method  string
	path    string // below /api/v1, segments escaped
	query   url.Values
	body    io.Reader
	kind    string // the body's content type
	header  http.Header
	key     string // instead of the connection's
	outside bool   // the path is not below /api/v1, and no key is sent
	limit   int64  // of the answer's body; 0 is maxAnswer
}

func get(path string, q url.Values) request {
	return request{method: http.MethodGet, path: path, query: q}
}

// send makes a call with a JSON body; nil is none.
func send(method, path string, body any) (request, error) {
	r := request{method: method, path: path}
	if body == nil {
		return r, nil
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return r, sb.Wrap(err, sb.Invalid, "this cannot be written as JSON")
	}
	r.body, r.kind = &text, "application/json"
	return r, nil
}

// segment makes a name one segment of a path.
func segment(name string) string { return "/" + url.PathEscape(name) }

// call sends a request and reads the whole answer into out, unless out is nil or the answer has no body.
func (c *conn) call(ctx context.Context, r request, out any) error {
	if e := foretold(ctx, r); e != nil {
		r, out = r.asDryRun(), e
	}
	resp, err := c.open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	limit := r.limit
	if limit == 0 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return c.broken(ctx, err)
	}
	if int64(len(body)) > limit {
		return sb.Errorf(sb.TooLarge, "the server's answer is larger than %d MiB; ask for less at once", limit>>20)
	}
	if len(body) == 0 || out == nil && !c.strict {
		return nil
	}
	if out == nil {
		out = new(json.RawMessage)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return sb.Errorf(c.foreign(sb.Internal), "%s does not answer as a Signalbox server does; is the address right?", c.base)
	}
	return nil
}

// do sends a JSON body and reads the answer into a T.
func do[T any](ctx context.Context, c *conn, method, path string, body any) (T, error) {
	var out T
	r, err := send(method, path, body)
	if err != nil {
		return out, err
	}
	err = c.call(ctx, r, &out)
	return out, err
}

// read gets a T.
func read[T any](ctx context.Context, c *conn, path string, q url.Values) (T, error) {
	var out T
	err := c.call(ctx, get(path, q), &out)
	return out, err
}

// open sends a request and gives an answer of the 200s, whose body the caller reads and closes.
func (c *conn) open(ctx context.Context, r request) (*http.Response, error) {
	resp, err := c.exchange(ctx, r)
	if err != nil || resp.StatusCode/100 == 2 {
		return resp, err
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, c.failure(resp)
}

// exchange sends a request and gives the answer, whatever its status.
func (c *conn) exchange(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.broken(ctx, err)
	}
	return resp, nil
}

func (c *conn) build(ctx context.Context, r request) (*http.Request, error) {
	target := c.base + "/api/v1" + r.path
	if r.outside {
		target = c.base + r.path
	}
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, r.body)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the server's address cannot be used")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.agent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json, application/problem+json")
	}
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	key := r.key
	if key == "" && !r.outside {
		key = c.key()
	}
	if key = strings.TrimSpace(key); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return req, nil
}

// broken tells of a call without an answer. A caller who gave up finds his context's error in it.
func (c *conn) broken(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return sb.Wrap(cause, sb.Unavailable, "the call was given up")
	}
	return sb.Wrap(err, sb.Unavailable, "the server at %s cannot be reached", c.base)
}
