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

func TestAdminsKeepAWayIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_DEMO=1")
	w.dev().out.await(t, "Signalbox is running.")
	out, code := w.cli("settings", "set", "api_key_roles=member")
	require.NotZero(t, code)
	require.Contains(t, out, "must keep admin")
	admin := newVisitor(t, w.url)
	admin.post(w.url+"/auth/demo", url.Values{"user": {"admin"}})
	require.Equal(t, http.StatusUnprocessableEntity, admin.keysOfMembersOnly().status, "a demonstration ends")
}

// keysOfMembersOnly lets no admin use a key.
func (v *visitor) keysOfMembersOnly() shown {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPatch, v.home+"/api/v1/settings", strings.NewReader(`{"api_key_roles":["member"]}`))
	require.NoError(v.t, err)
	req.Header.Set("Content-Type", "application/json")
	return v.read(v.web.Do(req))
}

// wayBackIn takes admins' keys away, as somebody who logs in elsewhere may, and gets in again from the machine.
func wayBackIn(t *testing.T, w *world, admin *visitor) {
	t.Helper()
	page := admin.keysOfMembersOnly()
	require.Equal(t, http.StatusOK, page.status, page.body)
	_, err := w.client.Me.Get(t.Context())
	require.Error(t, err)

	out, code := w.exec("admin-key")
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
