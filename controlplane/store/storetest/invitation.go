package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/identity"
)

var invitationTests = map[string]func(*testing.T, Fresh){
	"an invitation is accepted once, by its address":     invitations,
	"an invitation ends with what it rests on":           endedInvitations,
	"invitations are listed, and those of one apart":     listedInvitations,
	"an invitation can be looked at until it is used up": foundInvitations,
}

func (w *world) inviting() *identity.Invitations {
	return identity.NewInvitations(w.Store, access.Check, identity.InvitationSettings{Home: "https://here.example", Lasts: time.Hour})
}

// invite makes an invitation, and gives its token.
func (w *world) invite(t *testing.T, v sb.Invitation) (sb.Invitation, string) {
	t.Helper()
	made, err := w.inviting().Invite(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, sb.InvitationOpen, made.State)
	require.False(t, made.Mailed)
	require.NoError(t, made.Undelivered)
	token, ok := strings.CutPrefix(made.Link, "https://here.example/auth/invitation?token=")
	require.True(t, ok, made.Link)
	return made.Invitation, token
}

func invitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	v := sb.Invitation{Email: "New@Example.org", DatasetID: w.data.ID, Permission: sb.CanManage, InvitedBy: w.ann.Who()}
	_, err := i.Invite(t.Context(), sb.Invitation{Email: "x@example.org", Role: sb.Guest, InvitedBy: w.ann.Who()})
	requireCode(t, sb.Forbidden, err)
	_, err = i.Invite(t.Context(), sb.Invitation{Email: w.admin.Email, Role: sb.Guest, InvitedBy: w.admin.Who()})
	requireCode(t, sb.Conflict, err)
	_, old := w.invite(t, v)
	made, token := w.invite(t, v)
	require.Equal(t, sb.Collaborator, made.Role)
	require.Equal(t, "new@example.org", made.Email)
	require.Equal(t, w.ann.Who(), made.InvitedBy)

	p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Labeler})
	require.NoError(t, err)
	accept := func(token, who string) error {
		_, err := i.Accept(t.Context(), token, who)
		return err
	}
	requireCode(t, sb.Gone, accept(old, p.ID))
	requireCode(t, sb.NotFound, accept("sbi_x", p.ID))
	requireCode(t, sb.Forbidden, accept(token, w.admin.ID))
	accepted, err := i.Accept(t.Context(), token, p.ID)
	require.NoError(t, err)
	require.Equal(t, sb.InvitationAccepted, accepted.State)
	requireCode(t, sb.Conflict, accept(token, p.ID))
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: p.ID, DatasetID: w.data.ID})
	require.NoError(t, err)
	require.Equal(t, sb.CanTag, f.Own, "a user keeps his role, and gets what it may have")
	require.Equal(t, sb.Labeler, f.Principal.Role)
	requireCode(t, sb.Conflict, i.Revoke(t.Context(), made.ID, sb.InvitationScope{}))
}

func endedInvitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	for what, end := range map[string]func(id string){
		"revoked":                func(id string) { require.NoError(t, i.Revoke(t.Context(), id, sb.InvitationScope{})) },
		"expired":                func(string) { w.clock.pass(time.Hour) },
		"its dataset is deleted": func(string) { require.NoError(t, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free)) },
		"its inviter is deleted": func(string) {
			require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
			var err error
			w.ann, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "ann again", Role: sb.Member})
			require.NoError(t, err)
		},
		"its inviter is demoted": func(string) { w.role(t, w.ann, sb.Guest) },
	} {
		w.role(t, w.ann, sb.Member)
		w.data, _ = w.CreateDataset(t.Context(), sb.Dataset{Name: what, DefaultPermission: sb.NoAccess, Creator: w.ann.Who()})
		made, token := w.invite(t, sb.Invitation{Email: "new@example.org", DatasetID: w.data.ID, Permission: sb.CanView, InvitedBy: w.ann.Who()})
		p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Guest})
		require.NoError(t, err)
		end(made.ID)
		_, err = i.Accept(t.Context(), token, p.ID)
		requireCode(t, sb.Gone, err)
		found, err := i.Find(t.Context(), token)
		requireCode(t, sb.Gone, err)
		require.Equal(t, made.ID, found.ID, what)
		page, err := i.List(t.Context(), sb.InvitationQuery{Open: true})
		require.NoError(t, err)
		require.Equal(t, what == "its inviter is demoted", len(page.Items) == 1, "a role may come back")
		require.NoError(t, i.Revoke(t.Context(), made.ID, sb.InvitationScope{}))
		require.NoError(t, w.DeletePrincipal(t.Context(), p.ID))
	}
}

func listedInvitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	of := func(email, dataset string, by sb.Principal) string {
		made, _ := w.invite(t, sb.Invitation{Email: email, Role: sb.Guest, DatasetID: dataset, Permission: sb.CanView, InvitedBy: by.Who()})
		return made.ID
	}
	taken := of("a@example.org", w.data.ID, w.ann)
	require.NoError(t, i.Revoke(t.Context(), taken, sb.InvitationScope{DatasetID: w.data.ID, InvitedBy: w.ann.ID}))
	old := of("b@example.org", "", w.admin)
	w.clock.pass(time.Hour)
	byAdmin, byAnn, plain := of("c@example.org", w.data.ID, w.admin), of("d@example.org", w.data.ID, w.ann), of("e@example.org", "", w.admin)
	for name, row := range map[string]struct {
		q    sb.InvitationQuery
		want []string
	}{
		"all":                {sb.InvitationQuery{}, []string{plain, byAnn, byAdmin, old, taken}},
		"open":               {sb.InvitationQuery{Open: true}, []string{plain, byAnn, byAdmin}},
		"of a dataset":       {sb.InvitationQuery{InvitationScope: sb.InvitationScope{DatasetID: w.data.ID}}, []string{byAnn, byAdmin, taken}},
		"one's own, open":    {sb.InvitationQuery{InvitationScope: sb.InvitationScope{DatasetID: w.data.ID, InvitedBy: w.ann.ID}, Open: true}, []string{byAnn}},
		"of another dataset": {sb.InvitationQuery{InvitationScope: sb.InvitationScope{DatasetID: "none"}}, nil},
	} {
		var got []string
		for row.q.Limit = 2; ; {
			page, err := i.List(t.Context(), row.q)
			require.NoError(t, err)
			for _, v := range page.Items {
				got = append(got, v.ID)
			}
			if row.q.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		slices.Sort(row.want) // those of one millisecond are in no order that could be known before
		slices.Reverse(row.want)
		require.Equal(t, row.want, got, name)
	}
	page, err := i.List(t.Context(), sb.InvitationQuery{})
	require.NoError(t, err)
	states := map[string]sb.InvitationState{taken: sb.InvitationRevoked, old: sb.InvitationExpired, byAdmin: sb.InvitationOpen, byAnn: sb.InvitationOpen, plain: sb.InvitationOpen}
	for _, v := range page.Items {
		require.Equal(t, states[v.ID], v.State)
	}
	requireCode(t, sb.NotFound, i.Revoke(t.Context(), byAdmin, sb.InvitationScope{DatasetID: w.data.ID, InvitedBy: w.ann.ID}))
	requireCode(t, sb.NotFound, i.Revoke(t.Context(), plain, sb.InvitationScope{DatasetID: w.data.ID}))
	require.NoError(t, i.Revoke(t.Context(), byAdmin, sb.InvitationScope{}))
	require.NoError(t, i.Revoke(t.Context(), byAdmin, sb.InvitationScope{}), "one that was revoked stays so")
}

func foundInvitations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	i := w.inviting()
	made, token := w.invite(t, sb.Invitation{Email: "new@example.org", Role: sb.Labeler, InvitedBy: w.admin.Who()})
	found, err := i.Find(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, made, found)
	_, wrong := w.invite(t, sb.Invitation{Email: "other@example.org", Role: sb.Labeler, InvitedBy: w.admin.Who()})
	_, err = i.Find(t.Context(), wrong[:len(wrong)-1])
	requireCode(t, sb.NotFound, err)
	p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Guest})
	require.NoError(t, err)
	_, err = i.Accept(t.Context(), token, p.ID)
	require.NoError(t, err)
	found, err = i.Find(t.Context(), token)
	requireCode(t, sb.Conflict, err)
	require.Equal(t, p.ID, found.AcceptedBy)
}
