package airflow

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/adapters/airflow/clouds"
	"signalbox/adapters/outbound"
)

// mwaaLife is how long a session at MWAA's web server lives.
const mwaaLife = 12 * time.Hour

// mwaa logs in at Amazon's managed Airflow: its own API, which knows AWS identities, gives a token for the web server,
// and the web server gives a session for it. After that it is an Airflow like others.
type mwaa struct {
	a   *Adapter
	aws *outbound.Client
}

func newMWAA(a *Adapter) (*mwaa, error) {
	address := a.around.aws
	if address == "" {
		address = "https://env.airflow." + a.set.Region + ".amazonaws.com"
	}
	aws, err := outbound.New(outbound.Settings{URL: address, Rates: a.around.rates})
	return &mwaa{a: a, aws: aws}, err
}

func (m *mwaa) fetch(ctx context.Context, api api) (credential, error) {
	token, err := m.webToken(ctx)
	if err != nil {
		return credential{}, err
	}
	path := "aws_mwaa/login"
	if api.major() == 3 {
		path = "pluginsv2/aws_mwaa/login"
	}
	count(ctx)
	reply, err := m.a.out.Do(ctx, outbound.Request{
		Share: outbound.Polls, Method: http.MethodPost, Path: path, Body: []byte(url.Values{"token": {token}}.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	})
	if err != nil {
		return credential{}, err
	}
	return m.session(reply)
}

// session takes the cookie of Airflow 2, and Airflow 3's token.
func (m *mwaa) session(reply outbound.Reply) (credential, error) {
	now := m.a.around.now()
	for _, c := range (&http.Response{Header: reply.Header}).Cookies() {
		switch c.Name {
		case "_token":
			return bearer(c.Value, now, min(life(c.Value), mwaaLife)), nil
		case "session":
			return credential{header: http.Header{"Cookie": {c.Name + "=" + c.Value}}, renew: now.Add(mwaaLife * 4 / 5)}, nil
		}
	}
	return credential{}, sb.Errorf(sb.Unauthenticated, "the web server of MWAA gives no session for its token (status %d)", reply.Status)
}

// webToken asks AWS for a token, which must be for the registered address: it would be sent elsewhere otherwise.
func (m *mwaa) webToken(ctx context.Context) (string, error) {
	path := "/webtoken/" + m.a.set.Environment
	signed, err := clouds.SignAWS(ctx, clouds.AWS{
		Region: m.a.set.Region, KeyID: m.a.set.Username, Secret: m.a.set.secret.Password,
	}, http.MethodPost, m.aws.Base()+path, m.a.around.now())
	if err != nil {
		return "", sb.Wrap(err, sb.Unauthenticated, "there is no AWS identity to log in with")
	}
	count(ctx)
	reply, err := m.aws.Do(ctx, outbound.Request{Share: outbound.Polls, Method: http.MethodPost, Path: path, Header: signed})
	if err != nil {
		return "", err
	}
	var said struct{ WebToken, WebServerHostname string }
	switch {
	case reply.Status >= 500 || reply.Status == http.StatusTooManyRequests:
		return "", sb.Errorf(sb.Unavailable, "MWAA's API cannot answer at the moment (status %d)", reply.Status)
	case reply.Status != http.StatusOK || json.Unmarshal(reply.Body, &said) != nil || said.WebToken == "":
		return "", sb.Errorf(sb.Unauthenticated, "MWAA gives no token for environment %s: it needs airflow:CreateWebLoginToken (status %d)", m.a.set.Environment, reply.Status)
	}
	if u, err := url.Parse(m.a.out.Base()); err != nil || !strings.EqualFold(u.Hostname(), said.WebServerHostname) {
		return "", sb.Errorf(sb.Invalid, "the web server of MWAA environment %s is not the url that is registered", m.a.set.Environment)
	}
	return said.WebToken, nil
}

// composerToken is a token of the process's own Google identity, which Cloud Composer takes as it is.
func (a *Adapter) composerToken(ctx context.Context, _ api) (credential, error) {
	token, until, err := a.around.google(ctx)
	if err != nil {
		return credential{}, sb.Wrap(nil, sb.Unauthenticated, "there is no Google identity to log in with")
	}
	now := a.around.now()
	return bearer(token, now, until.Sub(now)), nil
}

// isComposer tells whether an address is one where Google alone answers: a token of its identity is good for more than Airflow.
func isComposer(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, "https") && u.User == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".composer.googleusercontent.com")
}

func googleToken(ctx context.Context) (string, time.Time, error) { return clouds.GoogleToken(ctx) }
