package airflow

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// detectAgain is how long a detected version is believed. An upgrade is noticed sooner, by its answers.
const detectAgain = 10 * time.Minute

// detected is what was found out about the other side.
type detected struct {
	mu   sync.Mutex
	api  api
	when time.Time
}

// version is a version of Airflow.
type version struct {
	text         string
	major, minor int
	patch        int
}

func (v version) before(major, minor, patch int) bool {
	switch {
	case v.major != major:
		return v.major < major
	case v.minor != minor:
		return v.minor < minor
	}
	return v.patch < patch
}

func readVersion(text string) (version, bool) {
	v := version{text: text}
	parts := strings.SplitN(text, ".", 3)
	if len(parts) < 2 {
		return v, false
	}
	var err, err2 error
	v.major, err = strconv.Atoi(parts[0])
	v.minor, err2 = strconv.Atoi(parts[1])
	if len(parts) == 3 {
		digits := strings.IndexFunc(parts[2], func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(parts[2])
		}
		v.patch, _ = strconv.Atoi(parts[2][:digits])
	}
	return v, err == nil && err2 == nil && (v.major == 2 || v.major == 3)
}

// api gives the API to speak, and asks which one it is when that is not known, or not lately.
func (a *Adapter) api(ctx context.Context) (api, error) {
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

// forgetAPI makes the next call ask again which API there is.
func (a *Adapter) forgetAPI() {
	a.found.mu.Lock()
	defer a.found.mu.Unlock()
	a.found.api = nil
}

// detect asks for the version where Airflow 3 has it, then where Airflow 2 has it. Pages of a proxy, and Airflow 3's own
// page, which it gives for anything, are no answer.
func (a *Adapter) detect(ctx context.Context) (api, error) {
	var last error
	for _, try := range []struct {
		path string
		make func(version) api
	}{
		{"api/v2/version", func(v version) api { return v2{v} }},
		{"api/v1/version", func(v version) api { return v1{v} }},
	} {
		v, reply, err := a.versionAt(ctx, try.path)
		if err != nil {
			return nil, err
		}
		if found := try.make(v); v.text != "" && found.major() == v.major {
			return found, nil
		}
		last = notAirflow(reply)
	}
	return nil, last
}

func (a *Adapter) versionAt(ctx context.Context, path string) (version, outbound.Reply, error) {
	count(ctx)
	reply, err := a.out.Do(ctx, outbound.Request{
		Share: outbound.Polls, Method: http.MethodGet, Path: path, Header: http.Header{"Accept": {"application/json"}},
	})
	if err != nil {
		return version{}, reply, err
	}
	a.clock.saw(reply)
	var said struct{ Version string }
	if reply.Status == http.StatusOK && reply.JSON() && json.Unmarshal(reply.Body, &said) == nil {
		if v, ok := readVersion(said.Version); ok {
			return v, reply, nil
		}
	}
	return version{}, reply, nil
}

func notAirflow(reply outbound.Reply) error {
	switch {
	case reply.Status >= 500 || reply.Status == http.StatusTooManyRequests:
		return sb.Errorf(sb.Unavailable, "Airflow answers with status %d when asked for its version", reply.Status)
	case reply.Status == http.StatusUnauthorized || reply.Status == http.StatusForbidden:
		return sb.Errorf(sb.Unauthenticated, "something before Airflow, such as a proxy, wants a login of its own (status %d)", reply.Status)
	}
	return sb.Errorf(sb.Unavailable, "there is no Airflow 2 or 3 at this address: asked for its version, it answers with status %d", reply.Status)
}

// clock knows how far the other side's clock is from ours.
type clock struct {
	now   func() time.Time
	mu    sync.Mutex
	known bool
	ahead time.Duration // of ours; at most this, because the head is older than its arrival
}

// saw learns from an answer's Date, which counts whole seconds.
func (c *clock) saw(r outbound.Reply) {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.ahead = true, at.Sub(c.now())
}

// there gives a time that has passed there for certain, and that hardly any other call gets. A date in the future is
// never scheduled: Airflow 2 leaves such a run queued, Airflow 3 calls it running and starts nothing. Two runs of a DAG
// cannot have the same date.
func (c *clock) there() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	behind := time.Second
	if !c.known {
		behind = time.Minute
	}
	behind += rand.N(time.Second) //nolint:gosec // not a secret
	return c.now().Add(c.ahead - behind).UTC().Truncate(time.Microsecond)
}

// skew tells how far the clocks are apart, if that is known.
func (c *clock) skew() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.known
}
