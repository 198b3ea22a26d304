package outbound

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// refusal says why a call was not made. It holds nothing of an answer.
type refusal string

func (r refusal) Error() string { return string(r) }

// detour says why a redirect was not followed.
type detour string

func (d detour) Error() string { return string(d) }

// Metadata services that do not lie in the link-local ranges.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),   // AWS
	netip.MustParseAddr("fd20:ce::254"),    // Google Cloud
	netip.MustParseAddr("100.100.100.200"), // Alibaba Cloud
	netip.MustParseAddr("168.63.129.16"),   // Azure
	netip.MustParseAddr("192.0.0.192"),     // Oracle Cloud
}

// nat64 is the prefix behind which IPv4 addresses are reached from IPv6 networks.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

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
	if nat64.Contains(to) {
		b := to.As16()
		to = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case to.IsUnspecified():
		return refusal(fmt.Sprintf("%s is no address to call", to))
	case to.IsLinkLocalUnicast(), to.IsMulticast(), to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return refusal(fmt.Sprintf("%s is link-local or multicast, which is never called", to))
	}
	for _, m := range metadata {
		if to == m {
			return refusal(fmt.Sprintf("%s is a metadata service, which is never called", to))
		}
	}
	return nil
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
