package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"

	sb "signalbox"
)

// How often and how long GET is tried.
const (
	retries   = 2
	retryMin  = 200 * time.Millisecond
	retryMax  = 3 * time.Second
	tripAfter = 8                // calls in a row that met trouble
	restFor   = 10 * time.Second // then nothing is asked, but for one call after that to see
)

// answer is a response with its body still to be read.
type answer struct{ *http.Response }

// trouble is an answer of a system that cannot work at the moment, or of a proxy before it.
type trouble struct{ answer }

func (t *trouble) Error() string { return http.StatusText(t.StatusCode) }

// inTrouble tells which statuses say "later". A plain 500 is about one call.
func inTrouble(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func newBreaker() *gobreaker.CircuitBreaker[answer] {
	return gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Timeout:     restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsExcluded: func(err error) bool { // it was us who ended the call, or who asked for too much
			return errors.Is(err, context.Canceled) || tooMany(err)
		},
	})
}

func tooMany(err error) bool {
	var t *trouble
	return errors.As(err, &t) && t.StatusCode == http.StatusTooManyRequests
}

// retrying is the client for GET. A further try waits for its turn like any other request.
func retrying(once *http.Client, all shares) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.HTTPClient, c.Logger = once, nil
	c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = retries, retryMin, retryMax
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
	c.PrepareRetry = func(r *http.Request) error { return all.wait(r.Context(), shareOf(r.Context())) }
	c.CheckRetry = func(ctx context.Context, res *http.Response, err error) (bool, error) {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if errors.As(err, new(refusal)) || errors.As(err, new(detour)) || errors.As(err, new(*tls.CertificateVerificationError)) {
			return false, err
		}
		return err != nil || inTrouble(res.StatusCode), nil
	}
	c.Backoff = func(low, high time.Duration, attempt int, res *http.Response) time.Duration {
		return min(retryablehttp.DefaultBackoff(low, high, attempt, res), high) // whatever Retry-After says: later is the caller's
	}
	return c
}

// inWords makes an error of ours of one of the libraries'.
func (c *Client) inWords(err error) error {
	var refused refusal
	var astray detour
	var deaf net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return sb.Errorf(sb.Invalid, "%s cannot be called: %s", c.base.Host, refused.Error())
	case errors.As(err, &astray):
		return sb.Errorf(sb.Unavailable, "%s gives no answer: %s", c.base.Host, astray.Error())
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return sb.Errorf(sb.Unavailable, "%s did not answer %d calls in a row; it is asked again within %s", c.base.Host, tripAfter, restFor)
	case errors.Is(err, context.Canceled):
		return sb.Wrap(context.Canceled, sb.Unavailable, "the call to %s was given up", c.base.Host)
	case errors.As(err, &deaf) && deaf.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return sb.Wrap(safe(err), sb.Unavailable, "%s did not answer in time", c.base.Host)
	}
	return sb.Wrap(safe(err), sb.Unavailable, "%s gives no answer", c.base.Host)
}

// safe keeps the cause of an error if it is of a kind that never quotes an answer or an address with its query. net/http
// quotes what it cannot parse.
func safe(err error) error {
	var (
		op       *net.OpError
		dns      *net.DNSError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
	)
	switch {
	case errors.As(err, &verify):
		return verify
	case errors.As(err, &unknown):
		return unknown
	case errors.As(err, &hostname):
		return hostname
	case errors.As(err, &alert):
		return alert
	case errors.As(err, &record):
		return errors.New("it does not speak TLS")
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &op):
		return op
	}
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
