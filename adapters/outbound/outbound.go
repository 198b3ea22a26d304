// Package outbound is the one HTTP client for calls to systems that an admin registered. A registered address is input:
// it must not lead the control plane to its own machine's metadata, answers must not fill its memory, and a system in
// trouble must not be called more because of that.
//
// A client knows one origin (scheme, host, port) and adds its path to the registered one. Credentials and extra headers
// therefore never go elsewhere, and neither do redirects.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"

	sb "signalbox"
)

// Limits of what is taken from the other side.
const (
	MaxReply  = 8 << 20  // bytes of an answer, unpacked
	MaxStream = 10 << 30 // bytes of a log
)

// Times.
const (
	answerWithin = 30 * time.Second // the whole of an answer; of a stream, its head
	streamIdle   = 60 * time.Second // the longest silence in a stream
	dialWithin   = 10 * time.Second
)

// Share is a part of the limiter: what of one kind waits does not hold up another.
type Share string

// The shares.
const (
	Polls      Share = "polls"
	Stops      Share = "stops"
	Dispatches Share = "dispatches"
	Details    Share = "details" // of single things, for people: in turns of the polls that these leave
)

// Settings say where a client calls, and how it shows who it is.
type Settings struct {
	URL         string            // http or https, with an optional path
	CA          string            // PEM: certificates trusted besides the system's
	Certificate string            // PEM: a client certificate; its key may stand here or in Key
	Key         string            // PEM
	Headers     map[string]string // sent with every request
	Rates       map[Share]float64 // requests a second; DefaultRates for what is left out
}

// Request is one call.
type Request struct {
	Share  Share
	Method string
	Path   string // escaped; added to the registered path
	Query  url.Values
	Header http.Header
	Body   []byte // nil: none
}

// Reply is an answer, whatever its status.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	At     time.Time // when its head came, by our clock
}

// JSON tells whether the answer says that it is JSON.
func (r Reply) JSON() bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(strings.ToLower(kind))
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// Client calls one origin. It is safe for use by several goroutines.
type Client struct {
	base    *url.URL
	headers map[string]string
	shares  shares
	once    *http.Client
	retried *retryablehttp.Client
	breaker *gobreaker.CircuitBreaker[answer]
}

// New makes a client. Error: Invalid, with every fault of the settings.
func New(s Settings) (*Client, error) {
	var faults []sb.Fault
	base, fault := parseBase(s.URL)
	faults = append(faults, fault...)
	secured, fault := secure(s)
	faults = append(faults, fault...)
	faults = append(faults, checkHeaders(s.Headers)...)
	if len(faults) > 0 {
		return nil, sb.Faulty("the connection's settings have faults", faults...)
	}
	c := &Client{base: base, headers: s.Headers, breaker: newBreaker()}
	c.shares = limiters(s.Rates)
	c.once = &http.Client{Transport: transport(secured), CheckRedirect: stay(base)}
	c.retried = retrying(c.once, c.shares)
	return c, nil
}

// Base is the registered address, without a slash at its end.
func (c *Client) Base() string { return c.base.String() }

// Origin is the scheme, host and port of the registered address.
func (c *Client) Origin() string { return c.base.Scheme + "://" + c.base.Host }

// Do calls and reads the answer. GET is tried up to three times; everything else is sent once. Errors: Unavailable (no
// whole answer, or none was asked for because too many calls failed), TooLarge (over MaxReply), Invalid (the address
// may not be called). They hold nothing of the answer.
func (c *Client) Do(ctx context.Context, r Request) (Reply, error) {
	if err := c.turn(ctx, r.Share); err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	res, err := c.send(ctx, r)
	if err != nil {
		return Reply{}, err
	}
	defer res.Body.Close()
	reply := Reply{Status: res.StatusCode, Header: res.Header, At: time.Now()}
	reply.Body, err = io.ReadAll(io.LimitReader(res.Body, MaxReply+1))
	switch {
	case err != nil:
		return Reply{}, sb.Wrap(safe(err), sb.Unavailable, "the answer of %s broke off", c.base.Host)
	case len(reply.Body) > MaxReply:
		return Reply{}, sb.Errorf(sb.TooLarge, "the answer of %s has more than %d MiB", c.base.Host, MaxReply>>20)
	}
	return reply, nil
}

// Stream calls, and leaves the body of an answer with status 200 to the caller, who closes it. Of other answers it reads
// the body, as Do does, and gives no stream. Reading fails with TooLarge after MaxStream, and with Unavailable
// when nothing came for a minute.
func (c *Client) Stream(ctx context.Context, r Request) (io.ReadCloser, Reply, error) {
	if err := c.turn(ctx, r.Share); err != nil {
		return nil, Reply{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	cancel := func() { stop(context.DeadlineExceeded) }
	late := time.AfterFunc(answerWithin, cancel)
	res, err := c.send(ctx, r) //nolint:bodyclose // the stream closes it
	if err != nil {
		cancel()
		return nil, Reply{}, err
	}
	late.Stop()
	reply := Reply{Status: res.StatusCode, Header: res.Header, At: time.Now()}
	body := &stream{body: res.Body, left: MaxStream, host: c.base.Host, cancel: cancel, idle: time.AfterFunc(streamIdle, cancel)}
	if res.StatusCode == http.StatusOK {
		return body, reply, nil
	}
	defer func() { _ = body.Close() }()
	reply.Body, err = io.ReadAll(io.LimitReader(body, MaxReply))
	return nil, reply, err
}

// turn waits for the request's turn, which does not count as the other side's time.
func (c *Client) turn(ctx context.Context, s Share) error {
	if err := c.shares.wait(ctx, s); err != nil {
		return sb.Wrap(err, sb.Unavailable, "%s was not called: too many calls wait for their turn", c.base.Host)
	}
	return nil
}

// send builds and sends a request, and puts errors into words.
func (c *Client) send(ctx context.Context, r Request) (*http.Response, error) {
	target := *c.base
	target.RawQuery = r.Query.Encode()
	raw := strings.TrimSuffix(c.base.EscapedPath(), "/") + "/" + strings.TrimPrefix(r.Path, "/")
	path, err := url.PathUnescape(raw)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "a path has a wrong escape")
	}
	target.Path, target.RawPath = path, raw
	req, err := http.NewRequestWithContext(withShare(ctx, r.Share), r.Method, target.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "the request cannot be built")
	}
	req.Header.Set("User-Agent", "signalbox")
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	got, err := c.breaker.Execute(func() (answer, error) { return c.call(req) })
	var bad *trouble
	if errors.As(err, &bad) {
		return bad.Response, nil // an answer, though a bad one: the breaker counts it, the caller reads it
	}
	return got.Response, c.inWords(err)
}

// call sends a request, and makes an answer that tells of trouble an error, for the breaker to count.
func (c *Client) call(req *http.Request) (answer, error) {
	do := c.once.Do
	if req.Method == http.MethodGet {
		do = func(r *http.Request) (*http.Response, error) {
			again, err := retryablehttp.FromRequest(r)
			if err != nil {
				return nil, err
			}
			return c.retried.Do(again)
		}
	}
	res, err := do(req) //nolint:bodyclose // the caller closes it
	if err == nil && inTrouble(res.StatusCode) {
		return answer{}, &trouble{answer{res}}
	}
	return answer{res}, err
}

// transport dials guarded addresses only, and asks nobody for a proxy.
func transport(secured *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:            guarded().DialContext,
		TLSClientConfig:        secured,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    8,
		MaxConnsPerHost:        16,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    dialWithin,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// Transport is the way to other systems' storage, whose clients bring their own requests: it refuses the same addresses, and
// no more. Bodies have no bound but theirs.
func Transport() http.RoundTripper { return transport(nil) }

// CloseIdle closes the connections that no call uses.
func (c *Client) CloseIdle() { c.once.CloseIdleConnections() }
