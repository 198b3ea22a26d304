package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"golang.org/x/time/rate"

	sb "signalbox"
)

// What one address may do before it is slowed down, and each second after that.
const (
	failuresAtOnce  = 100 // keys that are wrong, and logins that fail
	failuresASecond = 1
	begunAtOnce     = 1000 // logins that are begun: an office behind one address begins many
	begunASecond    = 10
)

const (
	mostAddresses  = 4096 // remembered exactly; more are remembered for a while
	networkOfSixth = 64   // bits of an IPv6 address that one customer has
)

// limiter slows addresses down, each by itself, in bounded memory: when the newer half is full, it becomes the older one,
// and what was not seen since is forgotten.
type limiter struct {
	atOnce  int
	aSecond rate.Limit

	mu          sync.Mutex
	young, aged map[netip.Prefix]*rate.Limiter
}

func newLimiter(atOnce int, aSecond rate.Limit) *limiter {
	return &limiter{atOnce: atOnce, aSecond: aSecond, young: map[netip.Prefix]*rate.Limiter{}}
}

// take counts one against an address. The error says how long to wait; then nothing was counted.
func (l *limiter) take(address string) error {
	if l.of(address).Allow() {
		return nil
	}
	return l.late(address)
}

// late tells whether take would fail now.
func (l *limiter) late(address string) error {
	missing := 1 - l.of(address).Tokens()
	if missing <= 0 {
		return nil
	}
	p := newProblem(http.StatusTooManyRequests, sb.RateLimited, "there were too many attempts from your address; wait a little")
	p.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(missing / float64(l.aSecond))))}}
	return p
}

func (l *limiter) of(address string) *rate.Limiter {
	key := network(address)
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.young[key]
	if found == nil {
		if found = l.aged[key]; found == nil {
			found = rate.NewLimiter(l.aSecond, l.atOnce)
		}
		if len(l.young) >= mostAddresses {
			l.aged, l.young = l.young, map[netip.Prefix]*rate.Limiter{}
		}
		l.young[key] = found
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
