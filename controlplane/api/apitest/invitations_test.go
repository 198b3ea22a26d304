package apitest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/mail"
	"signalbox/controlplane/mail/mailtest"
)

// tokenOf is the token in an answer's link.
func tokenOf(t *testing.T, made map[string]any) string {
	t.Helper()
	token, ok := strings.CutPrefix(made["link"].(string), "https://here.example/auth/invitation?token=")
	require.True(t, ok, made["link"])
	return token
}

// accept asks to accept an invitation.
func (o *org) accept(who person, token string) reply {
	o.t.Helper()
	return o.ask(who.key, "POST", "/invitations/accept", jsonOf(map[string]string{"token": token}))
}

// items is a list, as ids.
func (o *org) items(who person, path string) (ids []string) {
	o.t.Helper()
	for _, item := range o.must(200, who, "GET", path, "")["items"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

func TestAnAdminInvitesWithARole(t *testing.T) {
	t.Parallel()
	o := setup(t)
	made := o.must(201, o.root, "POST", "/invitations", `{"email":" New@Example.net","role":"labeler"}`)
	require.Equal(t, "new@example.net", made["email"])
	require.Equal(t, "labeler", made["role"])
	require.Nil(t, made["dataset"])
	require.Nil(t, made["permission"])
	require.Equal(t, "open", made["state"])
	require.Equal(t, false, made["mailed"])
	require.Nil(t, made["mail_error"])
	require.Equal(t, o.root.ID, made["invited_by"].(map[string]any)["id"])
	token := tokenOf(t, made)
	for _, body := range []string{`{"email":"new","role":"guest"}`, `{"email":"A <a@b.example>","role":"guest"}`, "{\"email\":\"a@b.example\\r\\nBcc: c@d.example\",\"role\":\"guest\"}", `{"email":"a@b.example","role":"owner"}`, `{"role":"guest"}`} {
		o.must(422, o.root, "POST", "/invitations", body)
	}
	require.Equal(t, []string{made["id"].(string)}, o.items(o.root, "/invitations?open=true&limit=1"))
	list := o.ask(o.root.key, "GET", "/invitations", "")
	require.NotContains(t, list.body, token, "shown once")

	other, someone := o.someone("other", sb.Member), o.someone("new", sb.Guest)
	robot := o.robot("robot", sb.Member)
	require.Equal(t, 404, o.accept(someone, "sbi_none").StatusCode)
	require.Equal(t, 403, o.accept(other, token).StatusCode, "another address")
	require.Equal(t, 403, o.accept(robot, token).StatusCode, "a service account has none")
	require.Equal(t, 200, o.accept(someone, token).StatusCode)
	require.Equal(t, 409, o.accept(someone, token).StatusCode, "once")
	require.Equal(t, "guest", o.must(200, someone, "GET", "/me", "")["role"], "a user keeps his role")
	o.must(409, o.root, "DELETE", "/invitations/"+made["id"].(string), "")
	o.must(409, o.root, "POST", "/invitations", `{"email":"NEW@example.net","role":"admin"}`)
	o.must(404, o.root, "DELETE", "/invitations/none", "")
	require.Empty(t, o.items(o.root, "/invitations?open=true"))
}

func TestAnInvitationThatHasEnded(t *testing.T) {
	t.Parallel()
	o := setup(t, func(s *identity.InvitationSettings) { s.Lasts = time.Nanosecond })
	someone := o.someone("new", sb.Guest)
	made := o.must(201, o.root, "POST", "/invitations", `{"email":"early@example.net","role":"guest"}`)
	require.Equal(t, 410, o.accept(someone, tokenOf(t, made)).StatusCode, "expired")

	o = setup(t)
	ann := o.someone("ann", sb.Member)
	owned := o.must(201, ann, "POST", "/datasets", `{"name":"owned","default_permission":"none"}`)["id"].(string)
	invite := func() (string, string) {
		made := o.must(201, ann, "POST", "/datasets/"+owned+"/access/invitations", `{"email":"new@example.net","permission":"edit"}`)
		return made["id"].(string), tokenOf(t, made)
	}
	id, revoked := invite()
	o.must(204, ann, "DELETE", "/datasets/owned/access/invitations/"+id, "")
	_, replaced := invite()
	_, last := invite()
	someone = o.someone("new", sb.Guest)
	require.Equal(t, 410, o.accept(someone, revoked).StatusCode)
	require.Equal(t, 410, o.accept(someone, replaced).StatusCode, "another one took its place")
	o.role(ann, sb.Guest)
	require.Equal(t, 410, o.accept(someone, last).StatusCode, "who invited could not do so any more")
	o.role(ann, sb.Member)
	require.Equal(t, 200, o.accept(someone, last).StatusCode)
	require.Equal(t, "view", o.must(200, someone, "GET", "/datasets/owned", "")["my_permission"], "as far as a guest's role goes")
}

func TestAManagerInvitesToHisDataset(t *testing.T) {
	t.Parallel()
	o := setup(t)
	ann, ben := o.someone("ann", sb.Member), o.someone("ben", sb.Member)
	owned := o.must(201, ann, "POST", "/datasets", `{"name":"owned","default_permission":"none"}`)["id"].(string)
	o.share(owned, "users", ben.ID, sb.CanManage)
	path := "/datasets/owned/access/invitations"
	ids := map[string]string{}
	for permission, role := range map[string]string{"view": "guest", "tag": "labeler", "edit": "collaborator", "manage": "collaborator"} {
		made := o.must(201, ann, "POST", path, jsonOf(map[string]string{"email": permission + "@example.net", "permission": permission}))
		require.Equal(t, role, made["role"])
		require.Equal(t, permission, made["permission"])
		require.Equal(t, map[string]any{"id": owned, "name": "owned"}, made["dataset"])
		ids[permission] = made["id"].(string)
	}
	o.must(422, ann, "POST", path, `{"email":"x@example.net","permission":"none"}`)
	o.must(409, ann, "POST", path, `{"email":"ben@example.net","permission":"view"}`)
	o.must(201, o.root, "POST", "/invitations", `{"email":"view@example.net","role":"member"}`)

	require.Len(t, o.items(ann, path+"?open=true"), 4)
	require.Empty(t, o.items(ben, path), "a manager does not see whom others invited")
	require.Len(t, o.items(o.root, path), 4)
	require.Len(t, o.items(o.root, "/invitations"), 5)
	o.must(403, ann, "GET", "/invitations", "")
	o.must(403, ann, "DELETE", "/invitations/"+ids["view"], "")
	o.must(404, ben, "DELETE", path+"/"+ids["view"], "")
	o.must(204, ann, "DELETE", path+"/"+ids["view"], "")
	o.must(204, o.root, "DELETE", path+"/"+ids["tag"], "")
	require.Len(t, o.items(ann, path+"?open=true"), 2)

	entries := map[string]int{}
	for _, item := range o.must(200, o.root, "GET", "/audit?limit=100", "")["items"].([]any) {
		e := item.(map[string]any)
		entries[e["action"].(string)]++
		if e["action"] == "invitation.create" {
			require.NotContains(t, jsonOf(e), "sbi_")
		}
	}
	require.Equal(t, 5, entries["invitation.create"])
	require.Equal(t, 2, entries["invitation.revoke"])
}

func TestWhoInvitesTooManyStrangersIsSlowedDown(t *testing.T) {
	t.Parallel()
	o := setup(t)
	ann := o.someone("ann", sb.Member)
	o.must(201, ann, "POST", "/datasets", `{"name":"owned"}`)
	send := func(who person, n int) reply {
		return o.ask(who.key, "POST", "/datasets/owned/access/invitations", jsonOf(map[string]any{"email": strings.Repeat("x", n+1) + "@example.net", "permission": "view"}))
	}
	for n := range 30 {
		require.Equal(t, 201, send(ann, n).StatusCode)
	}
	late := send(ann, 30)
	require.Equal(t, 429, late.StatusCode)
	require.NotEmpty(t, late.Header.Get("Retry-After"))
	require.Equal(t, 201, send(o.root, 30).StatusCode, "an admin is not")
}

// postman is a Post in memory. It fails when it was told to.
type postman struct {
	mu    sync.Mutex
	sent  map[string]string // link by address
	fails error
	done  error // of the context, when it was asked
}

func (p *postman) Invite(ctx context.Context, v sb.Invitation, link string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[v.Email], p.done = link, ctx.Err()
	return p.fails
}

func TestAMailThatIsNotSentLosesNothing(t *testing.T) {
	t.Parallel()
	p := &postman{sent: map[string]string{}}
	o := setup(t, func(s *identity.InvitationSettings) { s.Post = p })
	made := o.must(201, o.root, "POST", "/invitations", `{"email":"a@example.net","role":"guest"}`)
	require.Equal(t, true, made["mailed"])
	require.Equal(t, p.sent["a@example.net"], made["link"])
	for says, err := range map[string]error{
		"the mailbox is full":   sb.Wrap(errors.New("552 secret words"), sb.Unavailable, "the mailbox is full"),
		"the mail was not sent": errors.New("secret words"),
	} {
		p.fails = err
		got := o.ask(o.root.key, "POST", "/invitations", `{"email":"b@example.net","role":"guest"}`)
		require.Equal(t, 201, got.StatusCode, got.body)
		made := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(got.body), &made))
		require.Equal(t, false, made["mailed"])
		require.Equal(t, says, made["mail_error"])
		require.NotContains(t, got.body, "secret words")
		require.Equal(t, 200, o.accept(o.someone("b", sb.Guest), tokenOf(t, made)).StatusCode, "it is good nevertheless")
		require.NoError(t, o.DeletePrincipal(t.Context(), o.must(200, o.root, "GET", "/users/b@example.net", "")["id"].(string)))
	}
	require.NoError(t, p.done)
}

func TestAnInvitationIsMailed(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Security: mail.None})
	post, err := mail.New(mail.Options{Address: s.Address, From: "signalbox@example.net", Security: mail.None})
	require.NoError(t, err)
	o := setup(t, func(set *identity.InvitationSettings) { set.Post = post })
	o.must(201, o.root, "POST", "/datasets", `{"name":"birds"}`)
	made := o.must(201, o.root, "POST", "/datasets/birds/access/invitations", `{"email":"new@example.net","permission":"tag"}`)
	require.Equal(t, true, made["mailed"], made)
	got := s.Next()
	require.Equal(t, []string{"new@example.net"}, got.To)
	require.Contains(t, got.Text, `shares the dataset "birds" with you on Signalbox: Can tag.`)
	require.Contains(t, got.Text, "\n"+made["link"].(string)+"\n")

	made = o.must(201, o.root, "POST", "/invitations", `{"email":"refused@example.net","role":"guest"}`)
	require.Equal(t, false, made["mailed"])
	require.Contains(t, made["mail_error"], "does not take mail for this address")
	tokenOf(t, made)
}
