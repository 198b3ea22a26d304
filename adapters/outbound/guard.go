package outbound

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
)

// refusal says why a call was not made. It holds nothing of an answer.
type refusal string

func (r refusal) Error() string { return string(r) }

// detour says why a redirect was not followed.
type detour string

func (d detour) Error() string { return string(d) }

// Metadata services that do not lie in the link-local ranges.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS, with its name server and clock
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle Cloud
}

// carriers are the prefixes behind which IPv4 addresses are reached from IPv6 networks, and the bytes at which an address may
// hold the other; byte 8 holds nothing of it (RFC 6052).
var carriers = []struct {
	prefix netip.Prefix
	at     []int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), []int{12}},            // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), []int{6, 7, 8, 12}}, // NAT64 of one's own: how long its prefix is, only its network knows
	{netip.MustParsePrefix("2002::/16"), []int{2}},                // 6to4
}

// Dialer gives the dialer of the client, for protocols that are not HTTP.
func Dialer() *net.Dialer { return guarded() }

// guarded is a dialer that looks at the address it is about to connect to, after names have been resolved: what a name
// meant a moment ago counts for nothing.
func guarded() *net.Dialer {
	return &net.Dialer{Timeout: dialWithin, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return refusal("the address cannot be read")
		}
		return allow(to.Addr())
	}}
}

// allow refuses addresses that no orchestrator has. Loopback and private networks are where many live.
func allow(to netip.Addr) error {
	to = to.Unmap().WithZone("")
	switch {
	case to.IsUnspecified():
		return refusal(fmt.Sprintf("%s is no address to call", to))
	case to.IsMulticast(), to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return refusal(fmt.Sprintf("%s is multicast, which is never called", to))
	}
	for _, a := range append(carried(to), to) {
		if err := near(a); err != nil {
			return err
		}
	}
	return nil
}

// near refuses what answers everyone on its machine or link, and some of it with credentials.
func near(to netip.Addr) error {
	if to.IsLinkLocalUnicast() {
		return refusal(fmt.Sprintf("%s is link-local, which is never called", to))
	}
	for _, m := range metadata {
		if m.Contains(to) {
			return refusal(fmt.Sprintf("%s is a metadata service, which is never called", to))
		}
	}
	return nil
}

// carried lists the IPv4 addresses that an IPv6 address may stand for.
func carried(to netip.Addr) (list []netip.Addr) {
	for _, c := range carriers {
		if !c.prefix.Contains(to) {
			continue
		}
		b := to.As16()
		for _, at := range c.at {
			held := slices.Concat(b[at:max(at, 8)], b[max(at, 9):])
			list = append(list, netip.AddrFrom4([4]byte(held)))
		}
	}
	return list
}

// stay follows redirects of GET within the registered origin only.
func stay(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		switch {
		case before[0].Method != http.MethodGet:
			return http.ErrUseLastResponse // it would become a GET, and its answer mean something else
		case next.URL.Scheme != base.Scheme || next.URL.Host != base.Host:
			return detour("it redirects elsewhere, perhaps to a login page")
		case len(before) >= 5:
			return detour("it redirects in circles")
		}
		return nil
	}
}
