package apitest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// A key that somebody stole opens nothing from the request after it was revoked, whatever revoked it.
func TestAStolenKeyOpensNothingOnceItIsRevoked(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		kind   sb.PrincipalKind
		revoke func(o *org, p person, key string)
	}{
		"by its owner":     {sb.User, func(o *org, p person, key string) { o.must(204, p, "DELETE", "/me/keys/"+key, "") }},
		"with its user":    {sb.User, func(o *org, p person, _ string) { o.must(204, o.root, "DELETE", "/users/"+p.ID, "") }},
		"with its account": {sb.ServiceAccount, func(o *org, p person, _ string) { o.must(204, o.root, "DELETE", "/service-accounts/"+p.ID, "") }},
		"by an admin": {sb.ServiceAccount, func(o *org, p person, key string) {
			o.must(204, o.root, "DELETE", "/service-accounts/"+p.ID+"/keys/"+key, "")
		}},
		"by the settings": {sb.User, func(o *org, _ person, _ string) {
			o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["admin"]}`)
		}},
		"by its owner's role": {sb.User, func(o *org, p person, _ string) {
			o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["member","admin"]}`)
			o.role(p, sb.Guest)
		}},
		"by its own end": {sb.User, func(o *org, _ person, _ string) { o.Clock.Pass(time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := setup(t)
			p := o.someone("ann lee", sb.Member)
			if row.kind == sb.ServiceAccount {
				p = o.robot("bot", sb.Member)
			}
			expires := o.Clock.Now().Add(time.Hour)
			key, stolen, err := identity.New(o.Store, nil).CreateKey(t.Context(), p.ID, "stolen", &expires)
			require.NoError(t, err)
			require.Equal(t, 200, o.ask(stolen, "GET", "/me", "").StatusCode)
			row.revoke(o, p, key.ID)
			for _, path := range []string{"/me", "/runs", "/datasets", "/events", "/operators"} {
				require.Equal(t, 401, o.ask(stolen, "GET", path, "").StatusCode, path)
			}
			require.Equal(t, 401, o.ask(stolen, "POST", "/me/keys", `{"name":"another"}`).StatusCode, "nor does it make itself another")
		})
	}
}

func TestAStolenOrchestratorKeyClaimsNothingOnceItIsRevoked(t *testing.T) {
	t.Parallel()
	o := setup(t)
	key, stolen, err := identity.New(o.Store, nil).CreateOrchestratorKey(t.Context(), o.Builtin.ID, "pool")
	require.NoError(t, err)
	word := `{"name":"w","incarnation":"i","version":"1","pool":"default","concurrency":1,"running":[],"draining":false}`
	require.Equal(t, 200, o.ask(stolen, "POST", "/work/workers", word).StatusCode)
	o.must(204, o.root, "DELETE", "/orchestrators/builtin/keys/"+key.ID, "")
	require.Equal(t, 401, o.ask(stolen, "POST", "/work/workers", word).StatusCode)
	require.Equal(t, 401, o.ask(stolen, "POST", "/work/claim", `{}`).StatusCode)
}
