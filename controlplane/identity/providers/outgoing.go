package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	answerWithin = 10 * time.Second
	maxAnswer    = 8 << 20 // bytes
	maxRedirects = 3
)

// outgoing is the client for providers. It reaches no address that only this machine's cloud answers at, follows
// redirects on the same host only, and reads at most 8 MiB.
func outgoing() *http.Client {
	dialer := net.Dialer{Timeout: 5 * time.Second, Control: usual}
	return &http.Client{
		Timeout: answerWithin,
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: time.Minute, MaxIdleConns: 4,
		}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if first := via[0].URL; len(via) > maxRedirects || r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
				return errors.New("it redirects elsewhere")
			}
			return nil
		},
	}
}

// usual refuses, once names are resolved, link-local and metadata addresses and those that mean nobody.
func usual(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip == netip.MustParseAddr("fd00:ec2::254") {
		return errors.New("this address is not reached from here")
	}
	return nil
}

// bounded ends answers that are too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip gives an answer whose body ends with an error after its most.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// fetch reads a document.
func fetch(c *http.Client, address string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		resp, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("it answered %d", resp.StatusCode)
		}
		return io.ReadAll(resp.Body)
	}
}
