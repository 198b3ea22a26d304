package flyte

import (
	"context"
	"net/http"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// detectAgain is how long it is believed which API there is.
const detectAgain = 10 * time.Minute

// detected is what was found out about the other side.
type detected struct {
	mu   sync.Mutex
	api  protocol
	when time.Time
}

// protocol gives the API to speak, and asks which one it is when that is not known, or not lately.
func (a *Adapter) protocol(ctx context.Context) (protocol, error) {
	a.found.mu.Lock()
	defer a.found.mu.Unlock()
	if a.found.api != nil && a.around.now().Sub(a.found.when) < detectAgain {
		return a.found.api, nil
	}
	found, err := a.detect(ctx)
	if err != nil {
		return nil, err
	}
	a.found.api, a.found.when = found, a.around.now()
	return found, nil
}

// forgetProtocol makes the next call ask again which API there is.
func (a *Adapter) forgetProtocol() {
	a.found.mu.Lock()
	defer a.found.mu.Unlock()
	a.found.api = nil
}

// detect asks for the version where Flyte 1 has it, then for the projects where Flyte 2 has them. Pages of a proxy are no
// answer.
func (a *Adapter) detect(ctx context.Context) (protocol, error) {
	reply, err := a.authorized(ctx, outbound.Request{Share: outbound.Polls, Method: http.MethodGet, Path: "api/v1/version", Header: asJSON(false)})
	if err != nil {
		return nil, err
	}
	said := objectOf(reply.Body)
	switch {
	case reply.Status == http.StatusOK && reply.JSON() && said.raw("control_plane_version") != nil:
		return &admin{a: a, text: "Flyte 1, FlyteAdmin " + known(said.object("control_plane_version").text("Version"))}, nil
	case reply.Status == http.StatusUnauthorized, reply.Status == http.StatusForbidden:
		return nil, notTaken(a.set.Auth, reply)
	}
	two, err := a.detectConnect(ctx)
	if err != nil || two != nil {
		return two, err
	}
	return nil, notFlyte(reply)
}

func known(version string) string {
	if version == "" {
		return "of an unknown version"
	}
	return version
}

func notFlyte(reply outbound.Reply) error {
	if reply.Status >= 500 || reply.Status == http.StatusTooManyRequests {
		return sb.Errorf(sb.Unavailable, "Flyte answers with status %d when asked for its version", reply.Status)
	}
	return sb.Errorf(sb.Unavailable, "there is no Flyte at this address: asked for its version, it answers with status %d", reply.Status)
}
