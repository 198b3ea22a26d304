package config

import (
	"net/netip"
	"net/url"
	"path/filepath"

	sb "signalbox"
)

// Server is where the process keeps its files and how it is reached.
type Server struct {
	DataDir        string `envconfig:"SIGNALBOX_DATA_DIR" shown:"$XDG_DATA_HOME/signalbox, else ~/.local/share/signalbox" desc:"Folder of everything kept in files. One process at a time uses it; it is made with mode 0700."`
	Listen         string `envconfig:"SIGNALBOX_LISTEN" default:"127.0.0.1:8265" desc:"Address and port of the API and its pages."`
	PublicURL      string `envconfig:"SIGNALBOX_PUBLIC_URL" shown:"the address it listens on" desc:"Where people, workers and tasks reach the API, if a proxy stands before it."`
	TLSCert        string `envconfig:"SIGNALBOX_TLS_CERT" desc:"File with the certificate of the API, if it shall speak TLS itself. It is read again when it changes."`
	TLSKey         string `envconfig:"SIGNALBOX_TLS_KEY" desc:"File with the key of that certificate."`
	TrustedProxies Words  `envconfig:"SIGNALBOX_TRUSTED_PROXIES" shown:"none" desc:"Addresses or networks of proxies whose X-Forwarded headers are believed."`
}

func (s *Server) validate() []sb.Fault {
	faults := fault(address(s.Listen), "SIGNALBOX_LISTEN", "must be host:port", s.Listen)
	faults = append(faults, fault(s.PublicURL == "" || webAddress(s.PublicURL), "SIGNALBOX_PUBLIC_URL",
		"must be an http or https address without query", nil)...)
	faults = append(faults, fault((s.TLSCert == "") == (s.TLSKey == ""), "SIGNALBOX_TLS_CERT", "and SIGNALBOX_TLS_KEY must be set together", nil)...)
	for _, p := range s.TrustedProxies {
		faults = append(faults, fault(network(p), "SIGNALBOX_TRUSTED_PROXIES", "must list IP addresses or networks such as 10.0.0.0/8", p)...)
	}
	return faults
}

func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func network(text string) bool {
	_, prefix := netip.ParsePrefix(text)
	_, single := netip.ParseAddr(text)
	return prefix == nil || single == nil
}

// dataDir is the data folder where none is set: that of the user's account.
func dataDir(lookup Lookup) string {
	if base, _ := lookup("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "signalbox")
	}
	if home, _ := lookup("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "signalbox")
	}
	return "signalbox-data"
}

// Proxies gives the trusted proxies as networks.
func (s *Server) Proxies() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range s.TrustedProxies {
		if ip, err := netip.ParseAddr(p); err == nil {
			list = append(list, netip.PrefixFrom(ip, ip.BitLen()))
		} else if network, err := netip.ParsePrefix(p); err == nil {
			list = append(list, network)
		}
	}
	return list
}
