package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	sb "signalbox"
)

const (
	tokensAtOnce   = 100 // before an address is slowed down
	tokensASecond  = 1   // after that
	invitesAtOnce  = 30  // that one person may send to strangers
	invitesASecond = 1.0 / 60
	mostAddresses  = 4096 // remembered exactly; more are remembered for a while
	networkOfSixth = 64   // bits of an IPv6 address that one customer has
)

// limiter slows addresses or people down, each by itself, in bounded memory: when the newer half is full, it becomes the
// older one, and what was not seen since is forgotten.
type limiter struct {
	every  rate.Limit
	atOnce int

	mu          sync.Mutex
	young, aged map[string]*rate.Limiter
}

func newLimiter(every rate.Limit, atOnce int) *limiter {
	return &limiter{every: every, atOnce: atOnce, young: map[string]*rate.Limiter{}}
}

// take counts one against an address. The error says how long to wait.
func (l *limiter) take(address string) error {
	return l.count(network(address).String(), "there were too many attempts from your address; wait a little")
}

// count counts one against a name. The error says how long to wait.
func (l *limiter) count(name, words string) error {
	now := time.Now()
	r := l.of(name).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	p := newProblem(http.StatusTooManyRequests, sb.RateLimited, words)
	p.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return p
}

func (l *limiter) of(name string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.young[name]
	if found == nil {
		if found = l.aged[name]; found == nil {
			found = rate.NewLimiter(l.every, l.atOnce)
		}
		if len(l.young) >= mostAddresses {
			l.aged, l.young = l.young, map[string]*rate.Limiter{}
		}
		l.young[name] = found
	}
	return found
}

// network is whom an address counts for.
func network(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return netip.PrefixFrom(ip, ip.BitLen())
	}
	p, _ := ip.WithZone("").Prefix(networkOfSixth) // never fails: it has 128 bits
	return p
}
