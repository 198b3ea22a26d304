package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	sb "signalbox"
)

const (
	invitationName = "signalbox-invitation" // of the cookie that keeps the token of an invitation
	invitationFor  = 60 * 60                // in seconds: for a person to log in, and to read
	maxToken       = 200
)

// invitationPage is where the link of an invitation leads. The token goes out of the address into a cookie at once:
// addresses are remembered by browsers and proxies, and this one is carried through a login.
func (s *server) invitationPage(c *gin.Context) {
	token := c.Query("token")
	switch {
	case token == "":
		s.showInvitation(c)
	case s.elsewhere(c):
		c.Redirect(http.StatusSeeOther, strings.TrimSuffix(s.Home, "/")+c.Request.URL.RequestURI())
	case len(token) > maxToken:
		s.failed(c, sb.Errorf(sb.NotFound, "this invitation does not exist"))
	default:
		s.setCookie(c, invitationName, token, invitationFor, http.SameSiteLaxMode)
		c.Redirect(http.StatusSeeOther, sb.InvitationPath)
	}
}

// showInvitation shows the invitation that the browser brought, with what its reader can do about it.
func (s *server) showInvitation(c *gin.Context) {
	token := s.cookie(c, invitationName)
	if token == "" {
		s.failed(c, sb.Errorf(sb.NotFound, "there is no invitation here; open its link once more, in a browser that keeps cookies"))
		return
	}
	who := s.browser(c)
	v, err := s.Invitations.Find(c.Request.Context(), token)
	switch {
	case err != nil && who != nil && v.AcceptedBy == who.Principal.ID:
		s.joined(c, who, v)
	case err != nil:
		if code := sb.CodeOf(err); code == sb.NotFound || code == sb.Gone || code == sb.Conflict {
			s.forgetInvitation(c)
		}
		s.failed(c, err)
	default:
		s.offer(c, v, who, token)
	}
}

// offer shows an invitation that can be accepted: to nobody yet the ways to log in, to whom it is for a button.
func (s *server) offer(c *gin.Context, v sb.Invitation, who *sb.Caller, token string) {
	p, status := page{Title: "You are invited", ReturnTo: sb.InvitationPath, Invitation: &v}, http.StatusOK
	switch {
	case who == nil:
		p.Providers = s.companies()
	case who.Principal.Email == v.Email:
		p.User, p.Token = who.Principal.Name, token
	default:
		p.User, status = who.Principal.Name, http.StatusForbidden
	}
	s.render(c, status, "invitation", p)
}

// companies are the ways to log in with an address: no demonstration user has one.
func (s *server) companies() (list []sb.Provider) {
	for _, p := range s.Logins.Providers() {
		if p.Kind != sb.Demo {
			list = append(list, p)
		}
	}
	return list
}

// acceptInvitation accepts what the page showed, as who is logged in.
func (s *server) acceptInvitation(c *gin.Context) {
	who := s.browser(c)
	if who == nil {
		s.failed(c, newProblem(http.StatusUnauthorized, sb.Unauthenticated, "you are not logged in any more"))
		return
	}
	ctx := s.asBrowser(c, who)
	v, err := s.Invitations.Accept(ctx, c.PostForm("token"), who.Principal.ID)
	if err != nil {
		if sb.CodeOf(err) == sb.Forbidden {
			s.refusing(route{method: post, path: "/invitations/accept"}, sb.Object{Kind: "invitations"})(ctx)
		}
		s.failed(c, err)
		return
	}
	s.joined(c, who, v)
}

func (s *server) joined(c *gin.Context, who *sb.Caller, v sb.Invitation) {
	s.forgetInvitation(c)
	p := page{Title: "You have joined", Link: "/", LinkText: "Go on"}
	p.Message = "The invitation by " + v.InvitedBy.Name + " is accepted. Your role is " + string(who.Principal.Role) + "."
	if v.DatasetID != "" {
		p.Message = "The dataset " + v.Dataset + " is shared with you now. Your role is " + string(who.Principal.Role) + "."
	}
	s.render(c, http.StatusOK, "message", p)
}

func (s *server) forgetInvitation(c *gin.Context) {
	s.setCookie(c, invitationName, "", -1, http.SameSiteLaxMode)
}
