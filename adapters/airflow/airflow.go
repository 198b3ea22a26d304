// Package airflow reaches an Airflow that an organisation already has: version 2 by its API v1, version 3 by its API v2.
// Which one it is, is found out and looked at again when answers say so. What the two APIs do differently stands in v1.go
// and v2.go; docs/airflow.md tells what is asked for when, and why.
package airflow

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

var _ sb.Adapter = (*Adapter)(nil)

// Adapter is a registered Airflow.
type Adapter struct {
	set    settings
	out    *outbound.Client
	login  login
	found  detected
	clock  clock
	dags   cache[knownDAG]
	ends   cache[[]string] // the tasks that none follows
	around surroundings
}

// surroundings are what tests replace.
type surroundings struct {
	now    func() time.Time
	rates  map[outbound.Share]float64
	aws    string                                               // address of MWAA's own API; "" for the region's
	google func(ctx context.Context) (string, time.Time, error) // a token of the process's own Google identity
	cloud  func(u *url.URL) bool                                // tells whether the address is one of Cloud Composer's
}

// New makes an adapter of a registration's config and secrets, both JSON objects (nil for none); docs/airflow.md lists
// their fields. It calls nobody. Error: Invalid, with every fault.
func New(config, secrets json.RawMessage) (*Adapter, error) {
	return assemble(config, secrets, surroundings{now: time.Now, google: googleToken, cloud: isComposer})
}

func assemble(config, secrets json.RawMessage, around surroundings) (*Adapter, error) {
	set, faults := readSettings(config, secrets)
	if around.rates != nil {
		set.Rates = around.rates
	}
	out, err := outbound.New(outbound.Settings{
		URL: set.URL, CA: set.CA, Certificate: set.Certificate, Key: set.secret.ClientKey, Headers: set.allHeaders(), Rates: set.Rates,
	})
	if err != nil {
		faults = append(faults, outbound.ConfigFaults(err)...)
	}
	if u, err := url.Parse(set.URL); set.Auth == byComposer && (err != nil || !around.cloud(u)) {
		faults = append(faults, sb.Fault{Location: "config.url", Message: "is no web server of Cloud Composer (https://….composer.googleusercontent.com), and the process's own Google identity is shown to no other"})
	}
	if len(faults) > 0 {
		return nil, sb.Faulty("the configuration of this Airflow has faults", faults...)
	}
	a := &Adapter{set: set, out: out, around: around}
	a.clock.now = around.now
	a.login, err = newLogin(a)
	return a, err
}

// Origins is where the registration says that Airflow is. See sb.Adapter.
func (a *Adapter) Origins() []string { return []string{a.out.Origin()} }

// Home is the address that was registered: one host may have several, by their paths. See sb.Adapter.
func (a *Adapter) Home() string { return a.out.Base() }

// call is a request to the detected API.
type call struct {
	share  outbound.Share
	method string
	path   []string // elements, unescaped
	query  map[string]string
	body   any
}

func get(path ...string) call { return call{share: outbound.Polls, method: http.MethodGet, path: path} }

// of is the call as one of another share.
func (c call) of(s outbound.Share) call {
	c.share = s
	return c
}

// ask calls and reads the JSON of a good answer into a value, if one is given.
func (a *Adapter) ask(ctx context.Context, c call, into any) error {
	api, err := a.api(ctx)
	if err != nil {
		return err
	}
	reply, err := a.authorized(ctx, api, func(h http.Header) (outbound.Reply, error) {
		r, err := request(api, c, h)
		if err != nil {
			return outbound.Reply{}, err
		}
		count(ctx)
		return a.out.Do(ctx, r)
	})
	if err != nil {
		return err
	}
	a.clock.saw(reply)
	if err := a.verdict(api, c, reply); err != nil {
		return err
	}
	return decode(reply, into)
}

// authorized sends with credentials, and once more with new ones if the first are no longer taken.
func (a *Adapter) authorized(ctx context.Context, api api, send func(http.Header) (outbound.Reply, error)) (outbound.Reply, error) {
	for again := false; ; again = true {
		h, err := a.login.header(ctx, api)
		if err != nil {
			return outbound.Reply{}, err
		}
		reply, err := send(h.Clone())
		if err != nil || again || !outdated(reply) || !a.login.drop(h) {
			return reply, err
		}
	}
}

// request builds what is sent: the path's elements escaped, the body as JSON.
func request(api api, c call, h http.Header) (outbound.Request, error) {
	r := outbound.Request{Share: c.share, Method: c.method, Path: api.base() + joined(c.path), Query: values(c.query), Header: h}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	if c.body == nil {
		return r, nil
	}
	body, err := json.Marshal(c.body)
	r.Header.Set("Content-Type", "application/json")
	r.Body = body
	return r, err
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
