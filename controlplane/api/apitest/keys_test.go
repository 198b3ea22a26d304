package apitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// unsealed seals nothing; a demonstration login has nothing to seal.
type unsealed struct{ identity.Sealer }

func TestAnAdminDoesNotShutHimselfOut(t *testing.T) {
	t.Parallel()
	o := setup(t)
	w, err := identity.NewLogins(o.Store, unsealed{}, identity.LoginSettings{Demo: true}).EnterDemo(t.Context(), sb.Admin, "/", "")
	require.NoError(t, err)
	o.must(422, o.root, "PATCH", "/settings", `{"api_key_roles":["member"],"default_user_role":"guest"}`)
	require.Equal(t, "member", o.must(200, o.root, "GET", "/settings", "")["default_user_role"], "nothing of it was done")
	loggedIn := person{w.User, w.Token}
	o.must(200, loggedIn, "PATCH", "/settings", `{"api_key_roles":["member"]}`)
	require.Equal(t, 401, o.ask(o.root.key, "GET", "/me", "").StatusCode)
	o.must(200, loggedIn, "PATCH", "/settings", `{"api_key_roles":["member","admin"]}`)
	o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["admin"]}`)
}
