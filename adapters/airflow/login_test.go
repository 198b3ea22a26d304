package airflow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

func TestATokenIsRenewedInTimeAndWhenItIsRefused(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	now := time.Now()
	a, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "username": "admin"}`, s.URL)), json.RawMessage(`{"password": "admin"}`),
		surroundings{now: func() time.Time { return now }, rates: fast})
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	read := func() {
		_, err := a.dag(t.Context(), airflowtest.OK)
		require.NoError(t, err)
	}
	read()
	read()
	require.Equal(t, 1, s.Requests("POST token"))
	now = now.Add(19 * time.Hour)
	read()
	require.Equal(t, 1, s.Requests("POST token"), "four fifths of its day are not over")
	now = now.Add(time.Hour)
	read()
	require.Equal(t, 2, s.Requests("POST token"))
	s.Forget() // another jwt_secret: 403 Invalid JWT token
	read()
	require.Equal(t, 3, s.Requests("POST token"))
}

func TestANewLoginIsTriedOnce(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	a := registered(t, s.URL, "")
	s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if !strings.Contains(r.URL.Path, "/dags/") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"detail":"Token Expired"}`))
		return true
	})
	_, err := a.dag(t.Context(), airflowtest.OK)
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), err)
	require.Equal(t, 2, s.Requests("POST token"))
}

func TestCredentialsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for auth, secrets := range map[string]string{"password": `{"password": "hunter2"}`, "token": `{"token": "hunter2"}`, "keycloak": `{"client_secret": "hunter2"}`} {
			if version == "2.10.3" && auth == "keycloak" {
				continue
			}
			s := airflowtest.Start(t, version)
			a, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "auth": %q, "username": "admin", "client_id": "admin"}`, s.URL, auth)), json.RawMessage(secrets),
				surroundings{now: time.Now, rates: fast})
			require.NoError(t, err)
			_, err = a.Submit(t.Context(), submission(airflowtest.OK, "x"))
			require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "%s %s: %v", version, auth, err)
			require.NotContains(t, err.Error(), "hunter2")
			checks := a.Probe(t.Context(), nil)
			last := checks[len(checks)-1]
			require.Equal(t, "credentials", last.Name)
			require.False(t, last.OK)
			require.NotEmpty(t, last.Fix)
			a.out.CloseIdle()
		}
	}
}

func TestKeycloak(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	a, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "auth": "keycloak", "client_id": "admin"}`, s.URL)), json.RawMessage(`{"client_secret": "admin"}`),
		surroundings{now: time.Now, rates: fast})
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	submit(t, a, airflowtest.OK, "x")
}

func TestComposerTakesTheProcessesOwnGoogleIdentity(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	asked := 0
	s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Header.Get("Authorization") == "Bearer ya29.google" && strings.HasSuffix(r.URL.Path, "/dags") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"dags": [], "total_entries": 0}`))
			return true
		}
		return false
	})
	a, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "auth": "composer"}`, s.URL)), nil, surroundings{
		now: time.Now, rates: fast, cloud: func(*url.URL) bool { return true }, google: func(context.Context) (string, time.Time, error) {
			asked++
			return "ya29.google", time.Now().Add(time.Hour), nil
		},
	})
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	require.NoError(t, a.ask(t.Context(), get("dags"), nil))
	require.NoError(t, a.ask(t.Context(), get("dags"), nil))
	require.Equal(t, 1, asked)
}

func TestTheProcessesOwnIdentityIsShownToComposerAlone(t *testing.T) {
	t.Parallel()
	for address, fits := range map[string]bool{
		"https://abc-dot-europe-west1.composer.googleusercontent.com":  true,
		"https://ABC-dot-europe-west1.composer.googleusercontent.com/": true,
		"http://abc-dot-europe-west1.composer.googleusercontent.com":   false,
		"https://evil.example.com":                                     false,
		"https://composer.googleusercontent.com.example.com":           false,
		"https://evil.example.com/a.composer.googleusercontent.com":    false,
		"https://evil.example.com#.composer.googleusercontent.com":     false,
		"https://a.composer.googleusercontent.com@evil.example.com":    false,
		"https://evilcomposer.googleusercontent.com":                   false,
	} {
		_, err := New(json.RawMessage(fmt.Sprintf(`{"url": %q, "auth": "composer"}`, address)), nil)
		require.Equal(t, fits, err == nil, "%s: %v", address, err)
	}
}

func TestMWAAGivesASessionForATokenOfAWS(t *testing.T) {
	t.Parallel()
	for version, path := range map[string]string{"2.10.3": "/aws_mwaa/login", "3.3.1": "/pluginsv2/aws_mwaa/login"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, version)
			s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				session := strings.Contains(r.Header.Get("Cookie"), "session=abc") || r.Header.Get("Authorization") == "Bearer abc"
				switch {
				case r.URL.Path == path && r.FormValue("token") == "web-token":
					http.SetCookie(w, &http.Cookie{Name: map[string]string{"2.10.3": "session", "3.3.1": "_token"}[version], Value: "abc"})
					http.Redirect(w, r, "/home", http.StatusFound)
				case strings.HasSuffix(r.URL.Path, "/dags") && session:
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(`{"dags": [], "total_entries": 0}`))
				default:
					return false
				}
				return true
			})
			host, _ := url.Parse(s.URL)
			named := host.Hostname()
			aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				auth := r.Header.Get("Authorization")
				if r.Method != http.MethodPost || r.URL.Path != "/webtoken/prod" || !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=AKIA") || !strings.Contains(auth, "/eu-central-1/airflow/aws4_request") {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				_, _ = fmt.Fprintf(w, `{"WebToken": "web-token", "WebServerHostname": %q}`, named)
			}))
			defer aws.Close()
			make := func() *Adapter {
				a, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "auth": "mwaa", "region": "eu-central-1", "environment": "prod", "username": "AKIA1"}`, s.URL)),
					json.RawMessage(`{"password": "secret"}`), surroundings{now: time.Now, rates: fast, aws: aws.URL})
				require.NoError(t, err)
				t.Cleanup(a.out.CloseIdle)
				return a
			}
			require.NoError(t, make().ask(t.Context(), get("dags"), nil))
			named = "elsewhere.example.com"
			err := make().ask(t.Context(), get("dags"), nil)
			require.Equal(t, sb.Invalid, sb.CodeOf(err), "a token for another host is not used: %v", err)
		})
	}
}

func TestEveryFaultOfTheConfigIsListed(t *testing.T) {
	t.Parallel()
	_, err := New(json.RawMessage(`{"url": "ftp://x", "auth": "password", "logical_date": "later", "poll_seconds": 0.1, "rates": {"polls": 2, "logs": 3}, "unpause": "yes",
		"bogus": 1, "ca": "no", "headers": {"Host": "x", "a b": "c"}}`),
		json.RawMessage(`{"client_key": "no", "extra": "x"}`))
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sb.Invalid, e.Code)
	var where []string
	for _, f := range e.Faults {
		where = append(where, f.Location)
	}
	require.ElementsMatch(t, []string{
		"config.url", "config.username", "secrets.password", "config.logical_date", "config.poll_seconds", "config.rates", "config.unpause",
		"config.bogus", "config.ca", "config.headers.Host", "config.headers", "secrets.client_key", "secrets.extra",
	}, where)
	_, err = New(nil, nil)
	require.Error(t, err)
	_, err = New(json.RawMessage(`{"url": "https://airflow.example.com/base/", "username": "a"}`), json.RawMessage(`{"password": "b", "headers": "X-One: 1\nX-Two: 2"}`))
	require.NoError(t, err)
}
