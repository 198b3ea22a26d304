package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// portal is a server that lets programs in; its key is the text of a key or session that opens it.
type portal struct {
	*httptest.Server
	providers string
	polls     atomic.Int32
	answer    string // after the first poll
	left      atomic.Bool
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{providers: `{"items":[{"name":"x","label":"X","kind":"oidc"}]}`, answer: `{"access_token":"sbs_given"}`}
	m := http.NewServeMux()
	m.HandleFunc("GET /auth/providers", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusTeapot) // no key belongs here
		}
		_, _ = io.WriteString(w, p.providers)
	})
	m.HandleFunc("POST /auth/device", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"device_code":"sbd_x","user_code":"BCDF-GHJK","verification_uri":"http://h/auth/device","verification_uri_complete":"http://h/auth/device?user_code=BCDF-GHJK","expires_in":600,"interval":0}`)
	})
	m.HandleFunc("POST /auth/device/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("device_code") != "sbd_x" || p.polls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"authorization_pending"}`)
			return
		}
		if strings.Contains(p.answer, "error") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, p.answer)
	})
	m.HandleFunc("GET /api/v1/me", func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "Bearer sbs_given":
			_, _ = io.WriteString(w, `{"id":"1","name":"Ana","role":"member","kind":"user","session":{"id":"s1"}}`)
		case "Bearer sbk_right":
			_, _ = io.WriteString(w, `{"id":"1","name":"Bot","role":"admin","kind":"user","session":null}`)
		default:
			problem(w, 401, `"code":"unauthenticated","detail":"no"`)
		}
	})
	m.HandleFunc("DELETE /api/v1/me/sessions/s1", func(w http.ResponseWriter, _ *http.Request) {
		p.left.Store(true)
		w.WriteHeader(http.StatusNoContent)
	})
	p.Server = httptest.NewServer(m)
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

func away(t *testing.T) (*world, string) {
	t.Helper()
	w := setup(t)
	home := t.TempDir()
	w.vars = map[string]string{"HOME": home}
	return w, filepath.Join(home, ".config", "signalbox", "credentials")
}

func TestLogInByBrowserAndOut(t *testing.T) {
	t.Parallel()
	w, file := away(t)
	p := newPortal(t)
	require.Zero(t, w.do("login", "--url", p.URL+"/"), w.errors.String())
	require.Contains(t, w.errors.String(), "http://h/auth/device?user_code=BCDF-GHJK")
	require.Contains(t, w.errors.String(), "You are Ana (member)")
	require.NotContains(t, w.errors.String()+w.out.String(), "sbs_given")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.Zero(t, w.do("whoami"), "the profile's server and session are used: %s", w.errors.String())
	require.Contains(t, w.out.String(), "Ana")
	w.vars["SIGNALBOX_API_KEY"] = "sbk_right"
	w.out.Reset()
	require.Zero(t, w.do("whoami"))
	require.Contains(t, w.out.String(), "Bot", "the environment wins")
	delete(w.vars, "SIGNALBOX_API_KEY")
	w.vars["SIGNALBOX_URL"] = newPortal(t).URL
	require.NotZero(t, w.do("whoami"), "a profile's session is never sent to another server")
	delete(w.vars, "SIGNALBOX_URL")

	require.Zero(t, w.do("logout"), w.errors.String())
	require.True(t, p.left.Load())
	require.NotZero(t, w.do("logout"))
}

func TestARefusedLogin(t *testing.T) {
	t.Parallel()
	w, file := away(t)
	p := newPortal(t)
	p.answer = `{"error":"expired_token"}`
	require.NotZero(t, w.do("login", "--url", p.URL))
	require.Contains(t, w.errors.String(), "refused")
	require.NoFileExists(t, file)
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	w, file := away(t)
	p, q := newPortal(t), newPortal(t)
	q.providers = `{"items":[]}`
	require.NotZero(t, w.do("login", "--url", q.URL), "there is no terminal to ask for a key")
	require.Contains(t, w.errors.String(), "--api-key-stdin")
	w.env.Stdin = strings.NewReader("sbk_wrong\n")
	require.NotZero(t, w.do("login", "--url", q.URL, "--api-key-stdin"))
	require.NoFileExists(t, file, "only what opens the server is kept")
	w.env.Stdin = strings.NewReader("sbk_right\n")
	require.Zero(t, w.do("login", "--url", q.URL, "--profile", "work", "--api-key-stdin"), w.errors.String())
	require.Zero(t, w.do("login", "--url", p.URL, "--profile", "lab"), w.errors.String())

	w.out.Reset()
	require.Zero(t, w.do("profiles", "list", "-o", "json"))
	require.NotContains(t, w.out.String(), "sbk_")
	var list []map[string]any
	require.NoError(t, json.Unmarshal(w.out.Bytes(), &list))
	require.Equal(t, []map[string]any{
		{"name": "lab", "url": p.URL, "current": true}, {"name": "work", "url": q.URL, "current": false},
	}, list)

	for _, row := range []struct {
		args []string
		env  string
		who  string
	}{{[]string{"whoami"}, "", "Ana"}, {[]string{"whoami", "--profile", "work"}, "", "Bot"}, {[]string{"whoami"}, "work", "Bot"}} {
		w.vars["SIGNALBOX_PROFILE"] = row.env
		w.out.Reset()
		require.Zero(t, w.do(row.args...), w.errors.String())
		require.Contains(t, w.out.String(), row.who)
	}
	delete(w.vars, "SIGNALBOX_PROFILE")
	require.NotZero(t, w.do("whoami", "--profile", "nowhere"))
	require.Zero(t, w.do("profiles", "use", "work"))
	w.out.Reset()
	require.Zero(t, w.do("whoami"))
	require.Contains(t, w.out.String(), "Bot")
	require.Zero(t, w.do("profiles", "remove", "work"))
	require.NotZero(t, w.do("profiles", "remove", "work"))
	require.Zero(t, w.do("profiles", "list"))

	require.NoError(t, os.Chmod(file, 0o644))
	require.NotZero(t, w.do("whoami"))
	require.Contains(t, w.errors.String(), "chmod 600")
}
