package realtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Ask calls the API as the admin, as people do there besides Signalbox. The path is that behind /api/vN. Status 0 is no
// answer.
func (s *Server) Ask(ctx context.Context, method, path, body string) (int, string) {
	base := "/api/v2"
	if s.two() {
		base = "/api/v1"
	}
	return s.ask(ctx, method, base+path, body, true)
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (s *Server) ask(ctx context.Context, method, path, body string, login bool) (int, string) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	switch {
	case login && s.two():
		r.SetBasicAuth("admin", "admin")
	case login:
		r.Header.Set("Authorization", "Bearer "+s.token(ctx))
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	all, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(all)
}

func (s *Server) token(ctx context.Context) string {
	status, body := s.ask(ctx, http.MethodPost, "/auth/token", `{"username": "admin", "password": "admin"}`, false)
	var said struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(body), &said)
	if status != http.StatusCreated {
		return ""
	}
	return said.Token
}
