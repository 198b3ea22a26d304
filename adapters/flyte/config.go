package flyte

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"golang.org/x/net/http/httpguts"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// The ways to log in.
const (
	byNone        = "none"
	byToken       = "token"
	byCredentials = "client_credentials"
)

// settings are config and secrets of a registration, read.
type settings struct {
	config
	secret secrets
}

type config struct {
	URL          string  `json:"url"`
	Project      string  `json:"project"`
	Domain       string  `json:"domain"`
	Organisation string  `json:"org"`
	Auth         string  `json:"auth"`
	ClientID     string  `json:"client_id"`
	TokenURL     string  `json:"token_url"`
	Header       string  `json:"header"`
	ConsoleURL   string  `json:"console_url"`
	CA           string  `json:"ca"`
	Certificate  string  `json:"client_certificate"`
	PollSeconds  float64 `json:"poll_seconds"`
}

type secrets struct {
	Token        string `json:"token"`
	ClientSecret string `json:"client_secret"`
	ClientKey    string `json:"client_key"`
}

// readSettings reads both objects field by field, so that one fault does not hide the others.
func readSettings(rawConfig, rawSecrets json.RawMessage) (settings, []sb.Fault) {
	s := settings{config: config{Auth: byNone, Header: "authorization"}}
	faults := outbound.ReadFields(rawConfig, &s.config, "config", "flyte")
	faults = append(faults, outbound.ReadFields(rawSecrets, &s.secret, "secrets", "flyte")...)
	return s, append(faults, s.check()...)
}

// needs says what cannot be left out.
func (s settings) needs() (map[string]string, bool) {
	needed := map[string]string{"config.project": s.Project, "config.domain": s.Domain}
	switch s.Auth {
	case byNone:
	case byToken:
		needed["secrets.token"] = s.secret.Token
	case byCredentials:
		needed["config.client_id"], needed["secrets.client_secret"] = s.ClientID, s.secret.ClientSecret
	default:
		return needed, false
	}
	return needed, true
}

// element is a name that may be an element of a path of Flyte's API.
var element = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

func (s settings) check() []sb.Fault {
	var faults []sb.Fault
	needed, known := s.needs()
	if !known {
		faults = append(faults, sb.Fault{Location: "config.auth", Message: "is one of none, token, client_credentials", Value: s.Auth})
	}
	for _, where := range slices.Sorted(maps.Keys(needed)) {
		if needed[where] == "" {
			faults = append(faults, sb.Fault{Location: where, Message: "is needed" + whenAuth(where, s.Auth)})
		}
	}
	for where, name := range map[string]string{"config.project": s.Project, "config.domain": s.Domain} {
		if name != "" && !element.MatchString(name) {
			faults = append(faults, sb.Fault{Location: where, Message: "is no name that Flyte gives", Value: name})
		}
	}
	if !httpguts.ValidHeaderFieldName(s.Header) {
		faults = append(faults, sb.Fault{Location: "config.header", Message: "is the name of a header, such as authorization or flyte-authorization", Value: s.Header})
	}
	if s.PollSeconds != 0 && (s.PollSeconds < 1 || s.PollSeconds > 300) {
		faults = append(faults, sb.Fault{Location: "config.poll_seconds", Message: "is between 1 and 300", Value: s.PollSeconds})
	}
	return faults
}

func whenAuth(where, auth string) string {
	if where == "config.project" || where == "config.domain" {
		return ": where the launch plans and tasks of the routes are"
	}
	return " when auth is " + auth
}
