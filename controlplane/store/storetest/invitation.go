package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/identity"
)

var invitationTests = map[string]func(*testing.T, Fresh){
	"an invitation is accepted once, by its address": invitations,
	"an invitation ends with what it rests on":       endedInvitations,
}

func (w *world) inviting() *identity.Invitations {
	return identity.NewInvitations(w.Store, access.Check, time.Hour)
}

func invitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	v := sb.Invitation{Email: "New@Example.org", DatasetID: w.data.ID, Permission: sb.CanManage, InvitedBy: w.ann.Who()}
	_, _, err := i.Invite(t.Context(), sb.Invitation{Email: "x@example.org", Role: sb.Guest, InvitedBy: w.ann.Who()})
	requireCode(t, sb.Forbidden, err)
	_, _, err = i.Invite(t.Context(), sb.Invitation{Email: w.admin.Email, Role: sb.Guest, InvitedBy: w.admin.Who()})
	requireCode(t, sb.Conflict, err)
	_, old, err := i.Invite(t.Context(), v)
	require.NoError(t, err)
	made, token, err := i.Invite(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, sb.Collaborator, made.Role)
	require.Equal(t, "new@example.org", made.Email)

	p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Labeler})
	require.NoError(t, err)
	accept := func(token, who string) error {
		_, err := i.Accept(t.Context(), token, who)
		return err
	}
	requireCode(t, sb.Gone, accept(old, p.ID))
	requireCode(t, sb.NotFound, accept("sbi_x", p.ID))
	requireCode(t, sb.Forbidden, accept(token, w.admin.ID))
	require.NoError(t, accept(token, p.ID))
	requireCode(t, sb.Conflict, accept(token, p.ID))
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: p.ID, DatasetID: w.data.ID})
	require.NoError(t, err)
	require.Equal(t, sb.CanTag, f.Own, "a user keeps his role, and gets what it may have")
	require.Equal(t, sb.Labeler, f.Principal.Role)
	requireCode(t, sb.Conflict, i.Revoke(t.Context(), made.ID))
	page, err := i.List(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, made.ID, page.Items[0].ID)
	require.NotNil(t, page.Items[0].AcceptedAt)
	page, err = i.List(t.Context(), page.Next, 1)
	require.NoError(t, err)
	require.NotNil(t, page.Items[0].RevokedAt)
	require.Empty(t, page.Next)
}

func endedInvitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	for what, end := range map[string]func(id string){
		"revoked":                func(id string) { require.NoError(t, i.Revoke(t.Context(), id)) },
		"expired":                func(string) { w.clock.pass(time.Hour) },
		"its dataset is deleted": func(string) { require.NoError(t, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free)) },
	} {
		w.data, _ = w.CreateDataset(t.Context(), sb.Dataset{Name: what, DefaultPermission: sb.NoAccess, Creator: w.ann.Who()})
		made, token, err := i.Invite(t.Context(), sb.Invitation{Email: "new@example.org", DatasetID: w.data.ID, Permission: sb.CanView, InvitedBy: w.ann.Who()})
		require.NoError(t, err)
		p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Guest})
		require.NoError(t, err)
		end(made.ID)
		_, err = i.Accept(t.Context(), token, p.ID)
		requireCode(t, sb.Gone, err)
		require.NoError(t, w.DeletePrincipal(t.Context(), p.ID))
	}
}
