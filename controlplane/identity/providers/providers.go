// Package providers reads the file of login providers and makes them. Everything wrong in the file is told at once;
// nothing is asked of a provider yet, so that one which is down stops nobody from starting.
package providers

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/identity/attributes"
	"signalbox/controlplane/identity/oidc"
	"signalbox/controlplane/identity/saml"
)

// file is what the file of providers holds.
type file struct {
	OIDC []oidcEntry `yaml:"oidc"`
	SAML []samlEntry `yaml:"saml"`
}

type oidcEntry struct {
	Name             string             `yaml:"name"`
	Label            string             `yaml:"label"`
	Issuer           string             `yaml:"issuer"`
	ClientID         string             `yaml:"client_id"`
	ClientSecretFile string             `yaml:"client_secret_file"`
	Scopes           []string           `yaml:"scopes"`
	Domains          []string           `yaml:"domains"`
	Mapping          attributes.Mapping `yaml:"mapping"`
}

type samlEntry struct {
	Name             string             `yaml:"name"`
	Label            string             `yaml:"label"`
	MetadataFile     string             `yaml:"metadata_file"`
	MetadataURL      string             `yaml:"metadata_url"`
	Attributes       saml.Attributes    `yaml:"attributes"`
	Domains          []string           `yaml:"domains"`
	Mapping          attributes.Mapping `yaml:"mapping"`
	CertificateFile  string             `yaml:"certificate_file"`
	KeyFile          string             `yaml:"key_file"`
	AllowUnsolicited bool               `yaml:"allow_unsolicited"`
}

// reader makes providers and gathers what is wrong.
type reader struct {
	home   string // our address, without a slash at its end
	folder string // that relative paths begin at
	names  map[string]bool
	list   []identity.Provider
	faults []sb.Fault
}

// Read reads the file; home is the address at which browsers reach us. Errors: Invalid with every fault.
func Read(path, home string) ([]identity.Provider, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the login providers cannot be read from %s", path)
	}
	var f file
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, sb.Errorf(sb.Invalid, "%s is not valid: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	r := &reader{home: strings.TrimSuffix(home, "/"), folder: filepath.Dir(path), names: map[string]bool{}}
	for i, e := range f.OIDC {
		r.oidc(fmt.Sprintf("oidc[%d]", i), e)
	}
	for i, e := range f.SAML {
		r.saml(fmt.Sprintf("saml[%d]", i), e)
	}
	if len(r.faults) == 0 {
		return r.list, nil
	}
	lines := make([]string, len(r.faults))
	for i, f := range r.faults {
		lines[i] = f.Location + " " + f.Message
	}
	return nil, sb.Faulty(path+" is not valid: "+strings.Join(lines, "; "), r.faults...)
}

func (r *reader) want(fine bool, place, message string) {
	if !fine {
		r.faults = append(r.faults, sb.Fault{Location: place, Message: message})
	}
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// reserved names are other addresses below /auth, or identities of the demonstration.
var reserved = map[string]bool{"providers": true, "device": true, "demo": true, "invitation": true, "logout": true, "style": true}

func (r *reader) named(place, name string, label *string) {
	r.want(nameForm.MatchString(name), place+".name", "must be lower-case letters, digits and dashes, at most 40")
	r.want(!reserved[name], place+".name", "is one of our own names; take another")
	r.want(!r.names[name], place+".name", "is there twice")
	r.names[name] = true
	if *label == "" {
		*label = name
	}
}

func (r *reader) oidc(place string, e oidcEntry) {
	r.named(place, e.Name, &e.Label)
	r.want(reachable(e.Issuer), place+".issuer", "must be the provider's https address (http on this machine only)")
	r.want(e.ClientID != "", place+".client_id", "is needed")
	r.faults = append(r.faults, e.Mapping.Faults(place+".mapping")...)
	secret := ""
	if e.ClientSecretFile != "" {
		text, err := os.ReadFile(r.path(e.ClientSecretFile))
		secret = strings.TrimSpace(string(text))
		r.want(err == nil && secret != "", place+".client_secret_file", "cannot be read, or is empty")
	}
	if e.Scopes == nil {
		e.Scopes = []string{"email", "profile"}
	}
	r.list = append(r.list, oidc.New(oidc.Settings{
		Name: e.Name, Label: e.Label, Issuer: e.Issuer, ClientID: e.ClientID, Secret: secret, Scopes: e.Scopes, Domains: e.Domains,
		Mapping: e.Mapping, Callback: r.home + "/auth/" + e.Name + "/callback", Home: r.home + "/login", HTTP: outgoing(),
	}))
}

func (r *reader) saml(place string, e samlEntry) {
	r.named(place, e.Name, &e.Label)
	r.faults = append(r.faults, e.Mapping.Faults(place+".mapping")...)
	r.want((e.MetadataFile == "") != (e.MetadataURL == ""), place, "needs metadata_file or metadata_url, one of the two")
	if e.MetadataURL != "" {
		r.want(reachable(e.MetadataURL), place+".metadata_url", "must be an https address (http on this machine only)")
	}
	if e.MetadataFile != "" {
		text, err := os.ReadFile(r.path(e.MetadataFile))
		r.want(err == nil, place+".metadata_file", "cannot be read")
		if err == nil {
			_, err = saml.Read(text)
			r.want(err == nil, place+".metadata_file", fmt.Sprint(err))
		}
	}
	key, certificate := r.pair(place, e)
	source := func(context.Context) ([]byte, error) { return os.ReadFile(r.path(e.MetadataFile)) }
	if e.MetadataURL != "" {
		source = fetch(outgoing(), e.MetadataURL)
	}
	r.list = append(r.list, saml.New(saml.Settings{
		Name: e.Name, Label: e.Label, Metadata: source, Attributes: e.Attributes, Mapping: e.Mapping, Domains: e.Domains,
		Home: r.home, Key: key, Certificate: certificate, AllowUnsolicited: e.AllowUnsolicited,
	}))
}

// pair reads our certificate and key, if the entry names them.
func (r *reader) pair(place string, e samlEntry) (crypto.Signer, *x509.Certificate) {
	r.want((e.CertificateFile == "") == (e.KeyFile == ""), place, "needs certificate_file and key_file together, or none of them")
	if e.CertificateFile == "" || e.KeyFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(r.path(e.CertificateFile), r.path(e.KeyFile))
	r.want(err == nil, place+".certificate_file", "and key_file cannot be read, or do not belong together")
	if err != nil {
		return nil, nil
	}
	key, _ := pair.PrivateKey.(crypto.Signer)
	r.want(key != nil, place+".key_file", "must be a key that signs")
	return key, pair.Leaf
}

func (r *reader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.folder, name)
}

// reachable tells whether an address may be trusted on its way: https, or this machine.
func reachable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip.IsLoopback())
}
