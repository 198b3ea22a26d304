package process

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTheControlPlanesOwnWordIsFinal(t *testing.T) {
	t.Parallel()
	const problem = "application/problem+json; charset=utf-8"
	cases := []struct {
		name, kind string
		status     int
		final      bool
	}{
		{"an end that was heard", "application/json", http.StatusOK, true},
		{"an end that was heard, without a body", "", http.StatusNoContent, true},
		{"a problem for good", problem, http.StatusConflict, true},
		{"a rejected token", problem, http.StatusUnauthorized, true},
		{"a problem that may pass", problem, http.StatusServiceUnavailable, false},
		{"too many requests", problem, http.StatusTooManyRequests, false},
		{"too slow a request", problem, http.StatusRequestTimeout, false},
		{"a proxy's page instead of a success", "text/html", http.StatusOK, false},
		{"a proxy's way to log in", "text/html", http.StatusFound, false},
		{"a proxy's 404", "text/html; charset=utf-8", http.StatusNotFound, false},
		{"a plain 401", "text/plain", http.StatusUnauthorized, false},
		{"a plain 403", "", http.StatusForbidden, false},
		{"a 409 in JSON that is no problem", "application/json", http.StatusConflict, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.final, final(c.status, c.kind))
		})
	}
}
