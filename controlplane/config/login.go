package config

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	sb "signalbox"
)

// Login is how people log in.
type Login struct {
	ProvidersFile string        `envconfig:"SIGNALBOX_PROVIDERS_FILE" desc:"YAML file with the login providers; see docs/login.md. serve needs SIGNALBOX_PUBLIC_URL with it."`
	SessionIdle   time.Duration `envconfig:"SIGNALBOX_SESSION_IDLE" default:"12h" desc:"A session that is not used for so long ends."`
	SessionMax    time.Duration `envconfig:"SIGNALBOX_SESSION_MAX" default:"168h" desc:"A session ends after so long, whatever is done with it."`
	InvitedFor    time.Duration `envconfig:"SIGNALBOX_INVITATION_LASTS" default:"168h" desc:"How long an invitation can be accepted."`
	DevHosts      Words         `envconfig:"SIGNALBOX_DEV_HOSTS" shown:"none" desc:"Names by which dev answers, besides localhost, 127.0.0.1 and [::1]."`
	DemoUsers     bool          `envconfig:"SIGNALBOX_DEMO_LOGIN" default:"0" desc:"1: in dev, everybody who reaches it may log in as a demonstration user, also from beyond this machine."`
}

const leastSession = time.Minute

func (l *Login) validate() []sb.Fault {
	faults := fault(l.SessionIdle >= leastSession, "SIGNALBOX_SESSION_IDLE", "must be 1m at least", l.SessionIdle.String())
	faults = append(faults, fault(l.SessionMax >= l.SessionIdle, "SIGNALBOX_SESSION_MAX", "must be SIGNALBOX_SESSION_IDLE at least", l.SessionMax.String())...)
	faults = append(faults, fault(l.InvitedFor >= leastSession, "SIGNALBOX_INVITATION_LASTS", "must be 1m at least", l.InvitedFor.String())...)
	for _, h := range l.DevHosts {
		faults = append(faults, fault(!strings.ContainsAny(h, "/:@*"), "SIGNALBOX_DEV_HOSTS", "must list names without port", h)...)
	}
	return faults
}

// DemoLogin tells whether everybody may log in as a demonstration user: in dev with the demonstration on, where only
// this machine reaches it, or where that was said explicitly.
func (c Config) DemoLogin() bool {
	near := loopback(c.Server.Listen) && len(c.Login.DevHosts) == 0 && (c.Server.PublicURL == "" || onThisMachine(c.Server.PublicURL))
	return c.Demo.On && (near || c.Login.DemoUsers)
}

// DevHosts are the names by which dev answers. A page of another site cannot take one of them for itself, as it could
// with a name of its own that it points at this machine.
func (c Config) DevHosts(urls ...string) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, h := range c.Login.DevHosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	for _, text := range append(urls, c.Server.PublicURL) {
		if u, err := url.Parse(text); err == nil && u.Hostname() != "" {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	return hosts
}

func onThisMachine(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || ip.IsLoopback()
}
