package airflow

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// The ways to log in.
const (
	byPassword = "password"
	byToken    = "token"
	byKeycloak = "keycloak"
	byMWAA     = "mwaa"
	byComposer = "composer"
)

// settings are config and secrets of a registration, read.
type settings struct {
	config
	secret secrets
}

type config struct {
	URL         string    `json:"url"`
	Auth        string    `json:"auth"`
	Username    string    `json:"username"`
	ClientID    string    `json:"client_id"`
	Region      string    `json:"region"`
	Environment string    `json:"environment"`
	LogicalDate string    `json:"logical_date"`
	Unpause     bool      `json:"unpause"`
	Headers     headerSet `json:"headers"`
	CA          string    `json:"ca"`
	Certificate string    `json:"client_certificate"`
	PollSeconds float64   `json:"poll_seconds"`
	Rates       rates     `json:"rates"`
}

// rates are requests a second by share, where they differ from the default.
type rates map[outbound.Share]float64

type secrets struct {
	Password     string    `json:"password"`
	Token        string    `json:"token"`
	ClientSecret string    `json:"client_secret"`
	ClientKey    string    `json:"client_key"`
	Headers      headerSet `json:"headers"`
}

// headerSet reads headers given as an object, or as text with a "Name: value" a line.
type headerSet map[string]string

// UnmarshalJSON reads either form.
func (h *headerSet) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return json.Unmarshal(b, (*map[string]string)(h))
	}
	*h = headerSet{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, ":")
		if line != "" && !ok {
			return errors.New("a header is written as Name: value")
		}
		if line != "" {
			(*h)[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return nil
}

func (s settings) allHeaders() map[string]string {
	all := map[string]string{}
	maps.Copy(all, s.Headers)
	maps.Copy(all, s.secret.Headers)
	return all
}

// readSettings reads both objects field by field, so that one fault does not hide the others.
func readSettings(rawConfig, rawSecrets json.RawMessage) (settings, []sb.Fault) {
	s := settings{config: config{Auth: byPassword, LogicalDate: "now"}}
	faults := outbound.ReadFields(rawConfig, &s.config, "config", "airflow")
	faults = append(faults, outbound.ReadFields(rawSecrets, &s.secret, "secrets", "airflow")...)
	faults = append(faults, s.checkAuth()...)
	return s, append(faults, s.checkRest()...)
}

// needs says what each way to log in cannot do without.
func (s settings) needs() (map[string]string, bool) {
	switch s.Auth {
	case byPassword:
		return map[string]string{"config.username": s.Username, "secrets.password": s.secret.Password}, true
	case byToken:
		return map[string]string{"secrets.token": s.secret.Token}, true
	case byKeycloak:
		return map[string]string{"config.client_id": s.ClientID, "secrets.client_secret": s.secret.ClientSecret}, true
	case byMWAA:
		return map[string]string{"config.region": s.Region, "config.environment": s.Environment}, true
	case byComposer:
		return nil, true
	}
	return nil, false
}

var awsName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,79}$`)

func (s settings) checkAuth() []sb.Fault {
	var faults []sb.Fault
	needed, known := s.needs()
	if !known {
		faults = append(faults, sb.Fault{Location: "config.auth", Message: "is one of password, token, keycloak, mwaa, composer", Value: s.Auth})
	}
	for _, where := range slices.Sorted(maps.Keys(needed)) {
		if needed[where] == "" {
			faults = append(faults, sb.Fault{Location: where, Message: "is needed when auth is " + s.Auth})
		}
	}
	if s.Auth != byMWAA {
		return faults
	}
	for where, name := range map[string]string{"config.region": s.Region, "config.environment": s.Environment} {
		if name != "" && !awsName.MatchString(name) {
			faults = append(faults, sb.Fault{Location: where, Message: "is no name that AWS gives", Value: name})
		}
	}
	if (s.Username == "") != (s.secret.Password == "") {
		faults = append(faults, sb.Fault{Location: "config.username", Message: "an access key's id stands here and its secret in password; leave both out for the process's own AWS identity"})
	}
	return faults
}

func (s settings) checkRest() []sb.Fault {
	var faults []sb.Fault
	if s.LogicalDate != "now" && s.LogicalDate != "null" {
		faults = append(faults, sb.Fault{Location: "config.logical_date", Message: "is now or null", Value: s.LogicalDate})
	}
	if s.PollSeconds != 0 && (s.PollSeconds < 1 || s.PollSeconds > 300) {
		faults = append(faults, sb.Fault{Location: "config.poll_seconds", Message: "is between 1 and 300", Value: s.PollSeconds})
	}
	for _, share := range slices.Sorted(maps.Keys(s.Rates)) {
		if _, known := outbound.DefaultRates[share]; !known || s.Rates[share] < 0.1 || s.Rates[share] > 100 {
			faults = append(faults, sb.Fault{Location: "config.rates", Message: "has polls, stops and dispatches, each from 0.1 to 100 requests a second", Value: s.Rates})
			break
		}
	}
	return faults
}
