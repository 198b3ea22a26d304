//go:build e2e

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/client"
)

func TestTheWayBackInForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_DEMO=1")
	w.dev().out.await(t, "Signalbox is running.")
	out, code := w.cli("settings", "set", "api_key_roles=member")
	require.NotZero(t, code)
	require.Contains(t, out, "must keep admin")

	admin := newVisitor(t, w.url)
	admin.post(w.url+"/auth/demo", url.Values{"user": {"admin"}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, w.url+"/api/v1/settings", strings.NewReader(`{"api_key_roles":["member"]}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	require.Equal(t, http.StatusOK, admin.read(admin.web.Do(req)).status, "who is logged in may")
	_, err = w.client.Me.Get(t.Context())
	require.Error(t, err)

	out, code = w.exec("admin-key")
	require.NotZero(t, code, "it gives no key that opens nothing")
	require.Contains(t, out, "--allow-keys")
	out, code = w.exec("admin-key", "--allow-keys")
	require.Zero(t, code, out)
	api, err := client.New(client.Options{URL: w.url, Key: strings.TrimSpace(out)})
	require.NoError(t, err)
	me, err := api.Me.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "admin", string(me.Role))
}
