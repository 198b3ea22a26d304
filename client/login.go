package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	sb "signalbox"
)

// Logins is the part of a server about logging in. It needs no key.
type Logins struct{ c *conn }

// Provider is a way to log in.
type Provider struct {
	Name  string          `json:"name"`
	Label string          `json:"label"`
	Kind  sb.ProviderKind `json:"kind"`
}

// Device is a login of a program that waits for a person with a browser.
type Device struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	PageOfCode string `json:"verification_uri_complete"`
	ExpiresIn  int    `json:"expires_in"` // seconds
	Interval   int    `json:"interval"`   // seconds
}

// Token is a session for a program, used like a key.
type Token struct {
	Token     string    `json:"access_token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Session is a login that lasts.
type Session struct {
	ID        string    `json:"id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Providers lists the ways to log in.
func (l Logins) Providers(ctx context.Context) ([]Provider, error) {
	var page Page[Provider]
	err := l.c.call(ctx, request{method: http.MethodGet, path: "/auth/providers", outside: true}, &page)
	return page.Items, err
}

// Ask begins the login of a program.
func (l Logins) Ask(ctx context.Context) (Device, error) {
	var d Device
	err := l.c.call(ctx, request{method: http.MethodPost, path: "/auth/device", outside: true}, &d)
	return d, err
}

// Token asks whether the person has let the program in; an empty token says that nobody has answered yet. Errors:
// Forbidden (refused, or too late).
func (l Logins) Token(ctx context.Context, deviceCode string) (Token, error) {
	var token Token
	resp, err := l.c.exchange(ctx, request{
		method: http.MethodPost, path: "/auth/device/token", outside: true, kind: "application/x-www-form-urlencoded",
		body: strings.NewReader(url.Values{"device_code": {deviceCode}}.Encode()),
	})
	if err != nil {
		return token, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusBadRequest {
		return token, l.c.failure(resp)
	}
	var answer struct {
		Token
		Error string `json:"error"`
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return token, l.c.broken(ctx, err)
	}
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode == http.StatusOK && answer.Token.Token == "" {
		return token, sb.Errorf(sb.Internal, "%s does not answer as a Signalbox server does; is the address right?", l.c.base)
	}
	if answer.Error != "" && answer.Error != "authorization_pending" && answer.Error != "slow_down" {
		return token, sb.Errorf(sb.Forbidden, "the login was refused, or the code has expired")
	}
	return answer.Token, nil
}

// Leave ends the session that this client has; nothing with an API key.
func (m Me) Leave(ctx context.Context) error {
	var me struct {
		Session *Session `json:"session"`
	}
	if err := m.c.call(ctx, get("/me", nil), &me); err != nil || me.Session == nil {
		return err
	}
	return m.c.remove(ctx, "/me/sessions"+segment(me.Session.ID))
}
