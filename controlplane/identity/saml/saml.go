// Package saml logs people in by SAML 2.0, as a service provider that begins each login itself: it sends browsers off
// with a request, and believes one signed assertion that answers that very request. It is the only user of its
// libraries, and demands more than they do: no SHA-1, one assertion and no other in the document, an audience, a bearer's
// confirmation, and no clock that is more than 90 s off.
package saml

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	sb "signalbox"
	"signalbox/controlplane/identity/attributes"
)

const (
	skew    = 90 * time.Second // how far clocks may be apart
	keep    = 5 * time.Minute  // of used assertions: none is believed 90 s after it was issued, skew added
	refresh = time.Hour        // of the provider's metadata
	retry   = time.Minute      // after it could not be read again
)

// Attributes name what a provider says of a person.
type Attributes struct {
	Subject string `yaml:"subject"` // instead of the name id; for providers that send another one at each login
	Email   string `yaml:"email"`
	Name    string `yaml:"name"`
}

// Settings describe a provider.
type Settings struct {
	Name       string
	Label      string
	Metadata   Source
	Attributes Attributes
	Mapping    attributes.Mapping
	Domains    []string // whose addresses are believed: SAML cannot say that one was verified
	Home       string   // our address, without a slash at its end
	// Key and Certificate sign our requests, and open encrypted assertions if they are RSA's; none: neither.
	Key              crypto.Signer
	Certificate      *x509.Certificate
	AllowUnsolicited bool
}

// Source reads a provider's metadata.
type Source func(ctx context.Context) ([]byte, error)

// Provider is a SAML provider. It is safe for use by several goroutines.
type Provider struct {
	set  Settings
	self crewjam.ServiceProvider // without the provider's metadata

	mu    sync.Mutex
	found *crewjam.EntityDescriptor
	at    time.Time
}

var setClock sync.Once

// New makes a provider; it reads nothing yet.
func New(s Settings) *Provider {
	setClock.Do(func() { crewjam.MaxClockSkew, crewjam.MaxIssueDelay = skew, skew })
	p := &Provider{set: s}
	p.self = crewjam.ServiceProvider{
		MetadataURL: p.address("metadata"), AcsURL: p.address("acs"), SloURL: p.address("logged-out"),
		Key: s.Key, Certificate: s.Certificate, AuthnNameIDFormat: crewjam.UnspecifiedNameIDFormat,
		LogoutBindings: []string{crewjam.HTTPRedirectBinding}, ValidateAudienceRestriction: func(*crewjam.Assertion) error { return nil },
	}
	if s.Key != nil {
		p.self.SignatureMethod = dsig.RSASHA256SignatureMethod
		if _, ec := s.Key.Public().(*ecdsa.PublicKey); ec {
			p.self.SignatureMethod = dsig.ECDSASHA256SignatureMethod
		}
	}
	return p
}

// address is one of ours for this provider.
func (p *Provider) address(what string) url.URL {
	u, err := url.Parse(p.set.Home + "/auth/" + p.set.Name + "/" + what)
	if err != nil {
		return url.URL{} // Home is checked with the settings
	}
	return *u
}

// About names the provider.
func (p *Provider) About() sb.Provider {
	return sb.Provider{Name: p.set.Name, Label: p.set.Label, Kind: sb.SAML}
}

// provider is ourselves as one who talks with the provider, whose metadata is read again from time to time. While that
// cannot be read, what was read before is good.
func (p *Provider) provider(ctx context.Context) (crewjam.ServiceProvider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil || time.Since(p.at) > refresh {
		found, err := p.read(context.WithoutCancel(ctx)) // who goes away must not keep it from being read
		if err != nil && p.found == nil {
			return p.self, sb.Wrap(err, sb.Unavailable, "the login provider %s cannot be reached", p.set.Label)
		}
		p.at = time.Now()
		if err == nil {
			p.found = found
		} else {
			p.at = p.at.Add(retry - refresh)
		}
	}
	self := p.self
	self.IDPMetadata = p.found
	return self, nil
}

func (p *Provider) read(ctx context.Context) (*crewjam.EntityDescriptor, error) {
	text, err := p.set.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	return Read(text)
}

// Read reads a provider's metadata. Errors say what is missing.
func Read(text []byte) (*crewjam.EntityDescriptor, error) {
	var one crewjam.EntityDescriptor
	if err := xml.Unmarshal(text, &one); err != nil {
		var several crewjam.EntitiesDescriptor
		if err := xml.Unmarshal(text, &several); err != nil {
			return nil, errors.New("this is no metadata of a SAML provider")
		}
		for _, e := range several.EntityDescriptors {
			if len(e.IDPSSODescriptors) > 0 {
				one = e
				break
			}
		}
	}
	sp := crewjam.ServiceProvider{IDPMetadata: &one}
	switch {
	case one.EntityID == "" || len(one.IDPSSODescriptors) == 0:
		return nil, errors.New("the metadata names no identity provider")
	case sp.GetSSOBindingLocation(crewjam.HTTPRedirectBinding) == "":
		return nil, errors.New("the metadata names no address for logins by redirect")
	case !one.ValidUntil.IsZero() && one.ValidUntil.Before(time.Now()):
		return nil, errors.New("the metadata has expired")
	}
	return &one, nil
}

// Begin gives the address where a browser logs in. The request's id is kept, for one answer to it.
func (p *Provider) Begin(ctx context.Context, pending *sb.Pending) (string, error) {
	sp, err := p.provider(ctx)
	if err != nil {
		return "", err
	}
	request, err := sp.MakeAuthenticationRequest(sp.GetSSOBindingLocation(crewjam.HTTPRedirectBinding), crewjam.HTTPRedirectBinding, crewjam.HTTPPostBinding)
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "the request to the login provider could not be made")
	}
	address, err := request.Redirect(pending.State, &sp)
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "the request to the login provider could not be made")
	}
	pending.Nonce = request.ID
	return address.String(), nil
}

// Finish checks an assertion.
func (p *Provider) Finish(ctx context.Context, a sb.Answer, pending *sb.Pending) (sb.Proof, error) {
	if pending == nil && (!a.Unsolicited || !p.set.AllowUnsolicited) {
		return sb.Proof{}, refused(errors.New("an unsolicited assertion"))
	}
	sp, err := p.provider(ctx)
	if err != nil {
		return sb.Proof{}, err
	}
	text, err := base64.StdEncoding.DecodeString(url.Values(a.Values).Get("SAMLResponse"))
	if err != nil || len(text) == 0 {
		return sb.Proof{}, refused(errors.New("no readable SAMLResponse"))
	}
	request := ""
	if pending != nil {
		request = pending.Nonce
	} else {
		sp.AcsURL, sp.AllowIDPInitiated = p.address("acs/unsolicited"), true
	}
	assertion, err := check(sp, text, request)
	if err != nil {
		return sb.Proof{}, refused(err)
	}
	login, err := p.login(assertion)
	if err != nil {
		return sb.Proof{}, refused(err)
	}
	return sb.Proof{Login: login, Assertion: assertion.ID, Until: time.Now().Add(keep)}, nil
}

func (p *Provider) login(a *crewjam.Assertion) (sb.Login, error) {
	values := valuesOf(a)
	first := func(name string) string {
		if list := values[name]; name != "" && len(list) > 0 {
			return list[0]
		}
		return ""
	}
	subject := first(p.set.Attributes.Subject)
	if p.set.Attributes.Subject == "" {
		subject = a.Subject.NameID.Value
		if a.Subject.NameID.Format == string(crewjam.TransientNameIDFormat) {
			return sb.Login{}, errors.New("the provider sends another name id at each login; name a lasting attribute as attributes.subject")
		}
	}
	if subject == "" {
		return sb.Login{}, errors.New("the assertion names nobody")
	}
	l := sb.Login{Provider: p.set.Name, Subject: subject, Email: attributes.Address(first(p.set.Attributes.Email)), Name: first(p.set.Attributes.Name)}
	if l.Email == "" && a.Subject.NameID.Format == string(crewjam.EmailAddressNameIDFormat) {
		l.Email = attributes.Address(a.Subject.NameID.Value)
	}
	l.Verified = attributes.InDomains(l.Email, p.set.Domains)
	p.set.Mapping.Apply(&l, func(name string) []string { return values[name] })
	var err error
	l.Logout, err = json.Marshal(hintOf(a))
	return l, err
}

// valuesOf are the values of all attributes, by name and by friendly name.
func valuesOf(a *crewjam.Assertion) map[string][]string {
	values := map[string][]string{}
	for _, statement := range a.AttributeStatements {
		for _, attribute := range statement.Attributes {
			for _, v := range attribute.Values {
				values[attribute.Name] = append(values[attribute.Name], v.Value)
				if attribute.FriendlyName != "" && attribute.FriendlyName != attribute.Name {
					values[attribute.FriendlyName] = append(values[attribute.FriendlyName], v.Value)
				}
			}
		}
	}
	return values
}

// Metadata describes us to the provider.
func (p *Provider) Metadata(context.Context) ([]byte, error) {
	d := p.self.Metadata()
	for i := range d.SPSSODescriptors {
		services := []crewjam.IndexedEndpoint{{Binding: crewjam.HTTPPostBinding, Location: p.self.AcsURL.String(), Index: 1}}
		if p.set.AllowUnsolicited {
			u := p.address("acs/unsolicited")
			services = append(services, crewjam.IndexedEndpoint{Binding: crewjam.HTTPPostBinding, Location: u.String(), Index: 2})
		}
		d.SPSSODescriptors[i].AssertionConsumerServices = services
		if _, opens := p.set.Key.(*rsa.PrivateKey); !opens {
			d.SPSSODescriptors[i].KeyDescriptors = slices.DeleteFunc(d.SPSSODescriptors[i].KeyDescriptors,
				func(k crewjam.KeyDescriptor) bool { return k.Use == "encryption" })
		}
	}
	text, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "our metadata could not be written")
	}
	return append([]byte(xml.Header), text...), nil
}

// refused says of every answer that proves nothing the same, unless nobody could log in so; the cause is for the log.
func refused(cause error) error {
	var invalid *crewjam.InvalidResponseError
	if errors.As(cause, &invalid) {
		cause = fmt.Errorf("%w", invalid.PrivateErr)
	}
	if errors.Is(cause, errNoKey) {
		return sb.Wrap(cause, sb.Unauthenticated, "the login provider encrypts its answers, and there is no key here to open them; an admin can set certificate_file and key_file for it")
	}
	return sb.Wrap(cause, sb.Unauthenticated, "the login provider's answer cannot be trusted; begin again")
}
