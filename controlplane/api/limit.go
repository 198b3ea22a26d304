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

// What one address or person may do before it is slowed down, and each second after that.
const (
	failuresAtOnce  = 100 // keys that are wrong, and logins that fail
	failuresASecond = 1
	begunAtOnce     = 1000 // logins that are begun: an office behind one address begins many
	begunASecond    = 10
	invitesAtOnce   = 30 // that one person sends to strangers
	invitesASecond  = 1.0 / 60
)

const (
	mostAddresses  = 4096 // remembered exactly; more are remembered for a while
	networkOfSixth = 64   // bits of an IPv6 address that one customer has
)

const tooMany = "there were too many attempts from your address; wait a little"

// limiter slows addresses or people down, each by itself, in bounded memory: when the newer half is full, it becomes the
// older one, and what was not seen since is forgotten.
type limiter struct {
	atOnce  int
	aSecond rate.Limit

	mu          sync.Mutex
	young, aged map[string]*rate.Limiter
}

func newLimiter(atOnce int, aSecond rate.Limit) *limiter {
	return &limiter{atOnce: atOnce, aSecond: aSecond, young: map[string]*rate.Limiter{}}
}

// take counts one against an address. The error says how long to wait; then nothing was counted.
func (l *limiter) take(address string) error {
	return l.count(network(address).String(), tooMany)
}

// count counts one against a name. The error says how long to wait; then nothing was counted.
func (l *limiter) count(name, words string) error {
	if l.of(name).Allow() {
		return nil
	}
	return l.slowed(name, words)
}

// late tells whether take would fail now.
func (l *limiter) late(address string) error {
	return l.slowed(network(address).String(), tooMany)
}

// slowed tells how long a name has to wait, nil for not at all.
func (l *limiter) slowed(name, words string) error {
	missing := 1 - l.of(name).Tokens()
	if missing <= 0 {
		return nil
	}
	p := newProblem(http.StatusTooManyRequests, sb.RateLimited, words)
	p.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(missing / float64(l.aSecond))))}}
	return p
}

func (l *limiter) of(name string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.young[name]
	if found == nil {
		if found = l.aged[name]; found == nil {
			found = rate.NewLimiter(l.aSecond, l.atOnce)
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
