// Package client speaks to a Signalbox server over its REST API, one file a noun. Clients are safe for use by several
// goroutines, keep connections open between calls, and retry nothing by themselves except the streams, which go on
// where they broke off. Every error is a *signalbox.Error: the server's code, faults and wanted number when it
// answered, Unavailable when it did not. Answers are never quoted in errors, and at most 8 MiB of one are read,
// except of streams and downloads.
package client

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	sb "signalbox"
)

// Options say which server to speak to, and as whom.
type Options struct {
	URL       string        // the server's public address, such as http://127.0.0.1:8265
	Key       string        // an API key (sbk_); for Work an orchestrator key (sbo_), or none
	KeyFrom   func() string // asked at each call, instead of Key: for a key that may change meanwhile
	HTTP      *http.Client  // nil: one of its own that keeps connections open; redirects are refused with any
	UserAgent string        // "signalbox" when empty

	Around func(http.RoundTripper) http.RoundTripper // what stands around the connections, such as for traces; nil for nothing
}

// Client is a server's REST API as one principal sees it.
type Client struct {
	Runs            Runs
	Plugins         Plugins
	Operators       Operators
	Datasets        Datasets
	Orchestrators   Orchestrators
	Sources         Sources
	Users           Users
	Groups          Groups
	Invitations     Invitations
	ServiceAccounts ServiceAccounts
	Me              Me
	Logins          Logins
	Audit           Audit
	Sessions        Sessions
	Secrets         Secrets
	Organisation    Organisation
	Rights          Rights
}

// New makes a client; it connects at the first call. Errors: Invalid (the URL is none of a server).
func New(o Options) (*Client, error) {
	c, err := newConn(o)
	if err != nil {
		return nil, err
	}
	return &Client{
		Runs: Runs{c}, Plugins: Plugins{c}, Operators: Operators{c}, Datasets: Datasets{c},
		Orchestrators: Orchestrators{c}, Sources: Sources{c}, Users: Users{c}, Groups: Groups{c}, Invitations: Invitations{c}, ServiceAccounts: ServiceAccounts{c}, Me: Me{c}, Logins: Logins{c}, Audit: Audit{c},
		Sessions: Sessions{c},
		Secrets:  Secrets{c}, Organisation: Organisation{c}, Rights: Rights{c},
	}, nil
}

func newConn(o Options) (*conn, error) {
	u, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, sb.Errorf(sb.Invalid, "the server's address must look like http://127.0.0.1:8265, without a user or password")
	}
	u.RawQuery, u.Fragment = "", ""
	if o.KeyFrom == nil {
		o.KeyFrom = func() string { return o.Key }
	}
	c := &conn{base: u.String(), key: o.KeyFrom, agent: o.UserAgent, http: &http.Client{Transport: transport()}}
	if o.HTTP != nil {
		own := *o.HTTP
		c.http = &own
	}
	if o.Around != nil {
		c.http.Transport = o.Around(c.http.Transport)
	}
	if c.agent == "" {
		c.agent = "signalbox"
	}
	// A redirect could carry the key to another host; the API never sends one.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// transport bounds how long a silent server is waited for, but not how long a stream may last.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   256,
		ForceAttemptHTTP2:     true,
	}
}
