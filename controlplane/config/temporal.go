package config

import (
	"strings"

	sb "signalbox"
)

// Temporal is the cluster that carries builtin runs, or the server inside `signalbox dev`.
type Temporal struct {
	Address    string `envconfig:"SIGNALBOX_TEMPORAL_ADDRESS" shown:"a server inside the process, in dev" desc:"A Temporal cluster as host:port."`
	Namespace  string `envconfig:"SIGNALBOX_TEMPORAL_NAMESPACE" default:"default" desc:"Namespace of our workflows. Its retention must be 3 days at least."`
	TLSCA      string `envconfig:"SIGNALBOX_TEMPORAL_TLS_CA" shown:"the system's" desc:"File with the authorities that the cluster's certificate is checked against."`
	TLSCert    string `envconfig:"SIGNALBOX_TEMPORAL_TLS_CERT" desc:"File with our certificate for the cluster."`
	TLSKey     string `envconfig:"SIGNALBOX_TEMPORAL_TLS_KEY" desc:"File with the key of that certificate."`
	APIKeyFile string `envconfig:"SIGNALBOX_TEMPORAL_API_KEY_FILE" desc:"File with an API key of Temporal Cloud; it is read again when it changes."`
	Names      bool   `envconfig:"SIGNALBOX_TEMPORAL_NAMES" default:"1" desc:"0 keeps the names of datasets and people out of Temporal."`
	Listen     string `envconfig:"SIGNALBOX_TEMPORAL_LISTEN" default:"127.0.0.1:7233" desc:"Where the Temporal server inside the process listens. Loopback only: it has no login. It takes three free ports behind this one, too."`
	UIListen   string `envconfig:"SIGNALBOX_TEMPORAL_UI_LISTEN" default:"127.0.0.1:8233" empty:"off" desc:"Where its web pages listen, loopback only. Set but empty: they are off."`
	UIURL      string `envconfig:"SIGNALBOX_TEMPORAL_UI_URL" shown:"those of the server inside the process" desc:"Address of Temporal's web pages, for the links of runs."`
}

func (t *Temporal) validate() []sb.Fault {
	faults := fault(t.Address == "" || address(t.Address), "SIGNALBOX_TEMPORAL_ADDRESS", "must be host:port", t.Address)
	faults = append(faults, fault(strings.TrimSpace(t.Namespace) == t.Namespace, "SIGNALBOX_TEMPORAL_NAMESPACE", "must not begin or end with a space", t.Namespace)...)
	faults = append(faults, fault((t.TLSCert == "") == (t.TLSKey == ""), "SIGNALBOX_TEMPORAL_TLS_CERT", "and SIGNALBOX_TEMPORAL_TLS_KEY must be set together", nil)...)
	faults = append(faults, fault(loopback(t.Listen), "SIGNALBOX_TEMPORAL_LISTEN", "must be a loopback address and port", t.Listen)...)
	faults = append(faults, fault(t.UIURL == "" || webAddress(t.UIURL), "SIGNALBOX_TEMPORAL_UI_URL", "must be an http or https address without query", nil)...)
	return append(faults, fault(t.UIListen == "" || loopback(t.UIListen), "SIGNALBOX_TEMPORAL_UI_LISTEN", "must be a loopback address and port, or empty", t.UIListen)...)
}
