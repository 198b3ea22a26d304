//go:build e2e

package e2e

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
	"signalbox/controlplane/mail/mailtest"
)

// mailServer starts a mail server with the settings for it, where one is installed.
func mailServer(t *testing.T) (*mailtest.Server, []string) {
	t.Helper()
	if !mailtest.Installed(t) {
		t.Log("the mail server aiosmtpd is not there: links are taken from answers")
		return nil, nil
	}
	s := mailtest.Start(t, mailtest.Options{Security: "starttls", User: "signalbox", Password: "mail-secret"})
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("mail-secret\n"), 0o600))
	return s, []string{
		"SIGNALBOX_SMTP_ADDRESS=" + s.Address, "SIGNALBOX_SMTP_FROM=Signalbox <signalbox@example.org>", "SIGNALBOX_SMTP_TLS_CA=" + s.CA,
		"SIGNALBOX_SMTP_USER=signalbox", "SIGNALBOX_SMTP_PASSWORD_FILE=" + file,
	}
}

// linkOf is the link of an invitation, as it arrived.
func linkOf(t *testing.T, v client.Invitation, post *mailtest.Server) string {
	t.Helper()
	require.Equal(t, post != nil, v.Mailed, "%v", v.MailError)
	if post == nil {
		return v.Link
	}
	letter := post.Next()
	require.Equal(t, []string{v.Email}, letter.To)
	require.Contains(t, letter.Text, "\n"+v.Link+"\n")
	return v.Link
}

// follow opens an invitation's link and logs in with a provider of its page.
func (v *visitor) follow(link, provider, user string) shown {
	v.t.Helper()
	page := v.get(link)
	require.Equal(v.t, "/auth/invitation", page.url.RequestURI(), "the token is out of the address")
	require.Contains(v.t, page.body, "You are invited")
	begin := regexp.MustCompile(`href="(/auth/` + provider + `/login[^"]*)"`).FindStringSubmatch(page.body)
	require.NotNil(v.t, begin, page.body)
	action, _ := v.form(v.get(v.home + html.UnescapeString(begin[1])))
	page = v.post(action, url.Values{"username": {user}, "password": {"secret-" + user}})
	if provider == "kc" {
		return page
	}
	return v.post(v.form(page))
}

// invitedStrangers lets in who is invited, by either protocol, and nobody else.
func invitedStrangers(t *testing.T, w *world, post *mailtest.Server) {
	for _, args := range [][]string{{"settings", "set", "just_in_time_users=false"}, {"datasets", "create", "cats", "--default-permission", "none"}} {
		out, code := w.cli(args...)
		require.Zero(t, code, out)
	}
	uninvited := newVisitor(t, w.url).logIn("kc", "eve")
	require.Equal(t, http.StatusForbidden, uninvited.status)
	require.Contains(t, uninvited.body, "There is no user for this login here")

	made, err := w.client.Invitations.Send(t.Context(), "Cleo@example.org", sb.Labeler)
	require.NoError(t, err)
	link := linkOf(t, made, post)
	cleo := newVisitor(t, w.url)
	page := cleo.follow(link, "kc", "cleo")
	require.Contains(t, page.body, "You have joined", page.body)
	_, me := cleo.me()
	require.Equal(t, "cleo@example.org", me["email"])
	require.Equal(t, "labeler", me["role"])
	require.Equal(t, http.StatusConflict, newVisitor(t, w.url).get(link).status, "it is good once")

	shared, err := w.client.Datasets.Invite(t.Context(), "cats", "dan@example.org", sb.CanEdit)
	require.NoError(t, err)
	dan := newVisitor(t, w.url)
	page = dan.follow(linkOf(t, shared, post), "kc-saml", "dan")
	require.Contains(t, page.body, "The dataset cats is shared with you now. Your role is collaborator.", page.body)
	var cats map[string]any
	require.NoError(t, json.Unmarshal([]byte(dan.get(w.url+"/api/v1/datasets/cats").body), &cats))
	require.Equal(t, "edit", cats["my_permission"])

	for address, user := range map[string]string{"fay@example.org": "eve", "bob@example.org": "bob"} {
		made, err = w.client.Invitations.Send(t.Context(), address, sb.Admin)
		require.NoError(t, err)
		page = newVisitor(t, w.url).follow(linkOf(t, made, post), "kc", user)
		require.Equal(t, http.StatusForbidden, page.status, "%s is not vouched for as %s", user, address)
		require.Contains(t, page.body, "for "+map[string]string{"eve": "another address", "bob": "the address <strong>bob"}[user])
	}
}
