package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	sb "signalbox"
)

// What browsers keep. Behind TLS the prefix makes them refuse such a cookie from anybody else, other hosts of the
// domain included.
const (
	sessionName = "signalbox"
	pendingName = "signalbox-login"
	hostPrefix  = "__Host-"
)

// tls tells whether browsers reach us by TLS, whoever ends it.
func (s *server) tls() bool { return strings.HasPrefix(s.Home, "https://") }

func (s *server) cookieName(name string) string {
	if s.tls() {
		return hostPrefix + name
	}
	return name
}

func (s *server) cookie(c *gin.Context, name string) string {
	found, err := c.Request.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return found.Value
}

func (s *server) sessionCookie(c *gin.Context) string { return s.cookie(c, sessionName) }

// setCookie sets a cookie for so many seconds; below 0 it is taken away.
func (s *server) setCookie(c *gin.Context, name, value string, seconds int, site http.SameSite) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.tls(), SameSite: site,
	})
}

// ownOrigin is the protection against what pages of other sites make a browser send. A proxy may have changed the host
// that we see, so our own address counts as well.
func ownOrigin(home string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(home); err == nil && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // it only fails on what is no origin
	}
	return p
}

// sameOrigin refuses what another site made a browser send.
func (s *server) sameOrigin(c *gin.Context) error {
	if err := s.origins.Check(c.Request); err != nil {
		return newProblem(http.StatusForbidden, sb.Forbidden, "this was sent by a page of another site")
	}
	return nil
}

// named answers only to names of ours, where there are some: a page of another site cannot reach us by a name of its
// own that it points at this machine.
func (s *server) named(c *gin.Context) {
	if s.tls() {
		c.Header("Strict-Transport-Security", "max-age=31536000")
	}
	if len(s.Hosts) == 0 {
		return
	}
	host := c.Request.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if !slices.Contains(s.Hosts, host) {
		c.Abort()
		write(c, newProblem(http.StatusMisdirectedRequest, sb.Invalid, "this server does not answer by that name; SIGNALBOX_DEV_HOSTS lists more"))
	}
}

// elsewhere tells whether a browser reached this machine by another of its names than our own: by localhost for
// 127.0.0.1. Beyond this machine a proxy may have changed the name that we see.
func (s *server) elsewhere(c *gin.Context) bool {
	home, err := url.Parse(s.Home)
	return err == nil && local(home.Host) && local(c.Request.Host) && home.Host != c.Request.Host
}

func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || ip.IsLoopback()
}
