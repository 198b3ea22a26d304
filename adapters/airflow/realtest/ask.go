package realtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Ask calls the API as the admin, as people do there besides Signalbox. The path is that behind /api/vN. Status 0 is no
// answer.
func (s *Server) Ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	base := "/api/v2"
	if s.two() {
		base = "/api/v1"
	}
	return s.ask(t, method, base+path, body, true)
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (s *Server) ask(t *testing.T, method, path, body string, login bool) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	switch {
	case login && s.two():
		r.SetBasicAuth("admin", "admin")
	case login:
		r.Header.Set("Authorization", "Bearer "+s.token(t))
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	all, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(all)
}

func (s *Server) token(t *testing.T) string {
	t.Helper()
	status, body := s.ask(t, http.MethodPost, "/auth/token", `{"username": "admin", "password": "admin"}`, false)
	var said struct {
		Token string `json:"access_token"`
	}
	_ = json.NewDecoder(bytes.NewBufferString(body)).Decode(&said)
	if status != http.StatusCreated {
		return ""
	}
	return said.Token
}
