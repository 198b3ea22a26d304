// Package flyte reaches a Flyte that an organisation already has: Flyte 1 by the REST API of FlyteAdmin, and, as an
// experiment, Flyte 2 by Connect. Which one it is, is found out. What is Flyte 1's stands in files that begin with admin,
// what is Flyte 2's in those that begin with connect, and what both share, such as literals, in the others;
// docs/flyte.md tells what is asked for when, and why.
package flyte

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

var (
	_ sb.Adapter    = (*Adapter)(nil)
	_ sb.Foreteller = (*Adapter)(nil)
)

// Adapter is a registered Flyte.
type Adapter struct {
	set    settings
	out    *outbound.Client
	login  login
	found  detected
	around surroundings
}

// surroundings are what tests replace.
type surroundings struct {
	now   func() time.Time
	wait  func(ctx context.Context, d time.Duration) error
	rates map[outbound.Share]float64
}

// protocol is one of the two APIs. Its methods are those of sb.Adapter and sb.Foreteller.
type protocol interface {
	version() string
	probe(ctx context.Context, routes []sb.Route) []sb.Check
	faults(ctx context.Context, r sb.Route) ([]sb.Fault, error)
	submit(ctx context.Context, d sb.Submission) (sb.Place, error)
	stop(ctx context.Context, at sb.Place, reason string) error
	look(ctx context.Context, open []sb.Place, installation string, from sb.Mark) (sb.View, error)
	parts(ctx context.Context, at sb.Place) ([]sb.Part, error)
	outcome(ctx context.Context, at sb.Place) (sb.Outcome, error)
	log(ctx context.Context, at sb.Place, p sb.Part, try int) (io.ReadCloser, error)
	blocked(ctx context.Context, t sb.Target) (string, error)
}

// New makes an adapter of a registration's config and secrets, both JSON objects (nil for none); docs/flyte.md lists
// their fields. It calls nobody. Error: Invalid, with every fault.
func New(config, secrets json.RawMessage) (*Adapter, error) {
	return assemble(config, secrets, surroundings{now: time.Now, wait: wait})
}

// wait lets time pass. The error is that of ctx, when it is done before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func assemble(config, secrets json.RawMessage, around surroundings) (*Adapter, error) {
	set, faults := readSettings(config, secrets)
	out, err := outbound.New(outbound.Settings{
		URL: set.URL, CA: set.CA, Certificate: set.Certificate, Key: set.secret.ClientKey, Rates: around.rates,
	})
	if err != nil {
		faults = append(faults, outbound.ConfigFaults(err)...)
	}
	a := &Adapter{set: set, out: out, around: around}
	if a.login, err = newLogin(a); err != nil {
		faults = append(faults, sb.Fault{Location: "config.token_url", Message: "is no http or https address", Value: set.TokenURL})
	}
	if len(faults) > 0 {
		return nil, sb.Faulty("the configuration of this Flyte has faults", faults...)
	}
	return a, nil
}

// Origins is where the registration says that Flyte is, and where its tokens come from. See sb.Adapter.
func (a *Adapter) Origins() []string {
	origins := []string{a.out.Origin()}
	if s, ok := a.login.(*session); ok && s.elsewhere != nil {
		origins = append(origins, s.elsewhere.Origin())
	}
	return origins
}

// Home is a domain of a project at the address that was registered. See sb.Adapter.
func (a *Adapter) Home() string {
	return strings.Join(slices.DeleteFunc([]string{a.out.Base(), a.set.Organisation, a.set.Project, a.set.Domain}, func(s string) bool { return s == "" }), " ")
}

// Faults compares a route with the interface of its launch plan or task. See sb.Adapter.
func (a *Adapter) Faults(ctx context.Context, r sb.Route) ([]sb.Fault, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return nil, err
	}
	return p.faults(ctx, r)
}

// Submit creates an execution of the given name, unless there is one. See sb.Adapter.
func (a *Adapter) Submit(ctx context.Context, d sb.Submission) (sb.Place, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return sb.Place{}, err
	}
	return p.submit(ctx, d)
}

// Stop terminates an execution. See sb.Adapter.
func (a *Adapter) Stop(ctx context.Context, at sb.Place, reason string) error {
	p, err := a.protocol(ctx)
	if err != nil {
		return err
	}
	return p.stop(ctx, at, reason)
}

// Look lists executions by their names. See sb.Adapter.
func (a *Adapter) Look(ctx context.Context, open []sb.Place, installation string, from sb.Mark) (sb.View, error) {
	ctx, calls := counted(ctx)
	p, err := a.protocol(ctx)
	if err != nil {
		return sb.View{}, err
	}
	view, err := p.look(ctx, open, installation, from)
	view.Version, view.Calls = p.version(), int(calls.Load())
	return view, err
}

// Parts tells how the nodes of an execution stand. See sb.Adapter.
func (a *Adapter) Parts(ctx context.Context, at sb.Place) ([]sb.Part, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return nil, err
	}
	return p.parts(ctx, at)
}

// Outcome reads an execution's outputs, or its error. See sb.Adapter.
func (a *Adapter) Outcome(ctx context.Context, at sb.Place) (sb.Outcome, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return sb.Outcome{}, err
	}
	return p.outcome(ctx, at)
}

// Log opens the log of a part's try, where the API has log text. See sb.Adapter.
func (a *Adapter) Log(ctx context.Context, at sb.Place, part sb.Part, try int) (io.ReadCloser, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return nil, err
	}
	return p.log(ctx, at, part, try)
}

// Blocked tells why executions of a target would not start now. See sb.Foreteller.
func (a *Adapter) Blocked(ctx context.Context, t sb.Target) (string, error) {
	p, err := a.protocol(ctx)
	if err != nil {
		return "", err
	}
	return p.blocked(ctx, t)
}

// Probe asks what an admin wants to know before runs are sent there. See sb.Adapter.
func (a *Adapter) Probe(ctx context.Context, routes []sb.Route) []sb.Check {
	a.forgetProtocol()
	p, err := a.protocol(ctx)
	if err != nil {
		return []sb.Check{unreachable(a.out.Base(), err)}
	}
	reached := sb.Check{Name: "reachable", OK: true, Detail: a.out.Base() + " is " + p.version()}
	return append([]sb.Check{reached}, p.probe(ctx, routes)...)
}

// unreachable is the check of a Flyte that does not say what it is.
func unreachable(base string, err error) sb.Check {
	c := sb.Check{Name: "reachable", Detail: words(err), Fix: "check the url, which is that of FlyteAdmin's HTTP port or of the ingress before it, and that this machine reaches " + base}
	if sb.CodeOf(err) == sb.Unauthenticated {
		c.Name, c.Fix = "credentials", "check auth, client_id and the secrets of this orchestrator"
	}
	return c
}
