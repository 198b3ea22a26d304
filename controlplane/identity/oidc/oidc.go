// Package oidc logs people in by OpenID Connect: authorization code with PKCE, state and nonce, and everything about
// the provider by discovery. It is the only user of its libraries. A provider that is down is found again at the next
// login.
package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	sb "signalbox"
	"signalbox/controlplane/identity/attributes"
)

// Settings describe a provider.
type Settings struct {
	Name     string
	Label    string
	Issuer   string
	ClientID string
	Secret   string // "" for a public client, which PKCE alone protects
	Scopes   []string
	Domains  []string // whose addresses are believed although the provider does not say that it verified them
	Mapping  attributes.Mapping
	Callback string // our address that the provider sends browsers back to
	Home     string // our address after a logout there
	HTTP     *http.Client
}

// Provider is an OpenID Connect provider. It is safe for use by several goroutines.
type Provider struct {
	set Settings

	mu    sync.Mutex
	found *found
}

// found is what discovery told.
type found struct {
	provider *gooidc.Provider
	logout   string
	issuers  bool // answers name their issuer (RFC 9207)
}

// New makes a provider; it asks nothing yet.
func New(s Settings) *Provider { return &Provider{set: s} }

// About names the provider.
func (p *Provider) About() sb.Provider {
	return sb.Provider{Name: p.set.Name, Label: p.set.Label, Kind: sb.OIDC}
}

// discover asks the provider about itself, once it answers.
func (p *Provider) discover(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The keys are fetched later, with the client of this context but beyond its end.
	provider, err := gooidc.NewProvider(gooidc.ClientContext(context.WithoutCancel(ctx), p.set.HTTP), p.set.Issuer)
	if err != nil {
		return nil, p.away(err)
	}
	var more struct {
		Logout  string `json:"end_session_endpoint"`
		Issuers bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, p.away(err)
	}
	p.found = &found{provider: provider, logout: more.Logout, issuers: more.Issuers}
	return p.found, nil
}

func (p *Provider) away(err error) error {
	return sb.Wrap(err, sb.Unavailable, "the login provider %s cannot be reached", p.set.Label)
}

func (p *Provider) oauth(f *found) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.set.ClientID, ClientSecret: p.set.Secret, Endpoint: f.provider.Endpoint(), RedirectURL: p.set.Callback,
		Scopes: append([]string{gooidc.ScopeOpenID}, p.set.Scopes...),
	}
}

// Begin gives the address where a browser logs in.
func (p *Provider) Begin(ctx context.Context, pending *sb.Pending) (string, error) {
	f, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	pending.Verifier, pending.Nonce = oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	return p.oauth(f).AuthCodeURL(pending.State, oauth2.S256ChallengeOption(pending.Verifier), gooidc.Nonce(pending.Nonce)), nil
}

// Finish trades the code for an ID token and checks it.
func (p *Provider) Finish(ctx context.Context, a sb.Answer, pending *sb.Pending) (sb.Proof, error) {
	if pending == nil {
		return sb.Proof{}, refused(errors.New("an unsolicited answer"))
	}
	f, err := p.discover(ctx)
	if err != nil {
		return sb.Proof{}, err
	}
	values := url.Values(a.Values)
	if why := values.Get("error"); why != "" {
		return sb.Proof{}, sb.Wrap(errors.New("it said "+quote(why)), sb.Unauthenticated, "the login provider did not log you in")
	}
	if iss := values.Get("iss"); iss != p.set.Issuer && (iss != "" || f.issuers) {
		return sb.Proof{}, refused(errors.New("the answer is another issuer's"))
	}
	ctx = gooidc.ClientContext(ctx, p.set.HTTP)
	token, err := p.oauth(f).Exchange(ctx, values.Get("code"), oauth2.VerifierOption(pending.Verifier))
	if err != nil {
		return sb.Proof{}, p.exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := f.provider.VerifierContext(ctx, &gooidc.Config{ClientID: p.set.ClientID}).Verify(ctx, raw)
	if err != nil {
		return sb.Proof{}, refused(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(pending.Nonce)) != 1 {
		return sb.Proof{}, refused(errors.New("the nonce is another login's"))
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return sb.Proof{}, refused(err)
		}
	}
	claims, err := p.claims(ctx, f, id, token)
	if err != nil {
		return sb.Proof{}, err
	}
	login, err := p.login(id.Subject, claims)
	login.Logout = []byte(raw)
	return sb.Proof{Login: login}, err
}

// exchangeError tells a refused code from a provider that is not there. Neither is quoted.
func (p *Provider) exchangeError(err error) error {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.Response != nil && refusal.Response.StatusCode < http.StatusInternalServerError {
		return refused(errors.New("the code was refused: " + quote(refusal.ErrorCode)))
	}
	return p.away(errors.New("the code could not be exchanged"))
}

// claims are those of the ID token, with those of the user endpoint where the token has no address.
func (p *Provider) claims(ctx context.Context, f *found, id *gooidc.IDToken, token *oauth2.Token) (map[string]any, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, refused(err)
	}
	if claims["email"] != nil || f.provider.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := f.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, p.away(errors.New("the user endpoint does not answer"))
	}
	if info.Subject != id.Subject {
		return nil, refused(errors.New("the user endpoint tells of someone else"))
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return nil, refused(err)
	}
	if _, told := more["email"]; told { // an address and the word about it come from one place
		delete(claims, "email")
		delete(claims, "email_verified")
	}
	for name, v := range more {
		if _, there := claims[name]; !there {
			claims[name] = v
		}
	}
	return claims, nil
}

func (p *Provider) login(subject string, claims map[string]any) (sb.Login, error) {
	if subject == "" {
		return sb.Login{}, refused(errors.New("the token names nobody"))
	}
	text := func(name string) string { s, _ := claims[name].(string); return s }
	l := sb.Login{Provider: p.set.Name, Subject: subject, Email: attributes.Address(text("email")), Name: text("name")}
	if l.Name == "" {
		l.Name = text("preferred_username")
	}
	said := claims["email_verified"]
	verified := said == true || said == "true" || said == nil && attributes.InDomains(l.Email, p.set.Domains)
	l.Verified = l.Email != "" && verified
	p.set.Mapping.Apply(&l, func(path string) []string { return texts(claims, path) })
	return l, nil
}

// texts are the values of a claim: of its whole name, or of a path with dots.
func texts(claims map[string]any, path string) []string {
	v, there := claims[path]
	if !there {
		head, tail, dotted := strings.Cut(path, ".")
		inner, isMap := claims[head].(map[string]any)
		if !dotted || !isMap {
			return nil
		}
		return texts(inner, tail)
	}
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// Logout gives the provider's address that ends the login there, where it has one.
func (p *Provider) Logout(ctx context.Context, hint []byte) (string, error) {
	f, err := p.discover(ctx)
	if err != nil || f.logout == "" {
		return "", err
	}
	u, err := url.Parse(f.logout)
	if err != nil {
		return "", p.away(err)
	}
	q := u.Query()
	q.Set("client_id", p.set.ClientID)
	q.Set("id_token_hint", string(hint))
	q.Set("post_logout_redirect_uri", p.set.Home)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Metadata is no custom of OpenID Connect.
func (p *Provider) Metadata(context.Context) ([]byte, error) {
	return nil, sb.Errorf(sb.NotFound, "there is no metadata of this provider")
}

// refused says of every answer that proves nothing the same; the cause is for the log.
func refused(cause error) error {
	return sb.Wrap(cause, sb.Unauthenticated, "the login provider's answer cannot be trusted; begin again")
}

// quote makes foreign text harmless for a log.
func quote(text string) string {
	b, _ := json.Marshal(text[:min(len(text), 100)])
	return string(b)
}
