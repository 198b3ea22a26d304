package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	sb "signalbox"
)

// pendingFor is how long a browser keeps the token of a login that it has begun, in seconds.
const pendingFor = 15 * 60

// maxForm bounds the forms of logins, in bytes: a SAML response is the largest.
const maxForm = 1 << 20

// loginRoutes are those before anybody is known. Each POST takes only what a page of ours sends; an assertion, which
// comes from the provider's page, is bound to its browser by the login that this one began.
func (s *server) loginRoutes(g *gin.Engine) {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err) // it is compiled in
	}
	g.GET("/login", s.loginPage)
	g.GET("/auth/style.css", give("text/css; charset=utf-8", style))
	g.GET("/auth/providers", s.providers)
	g.GET("/auth/:provider/metadata", s.metadata)
	g.GET("/auth/:provider/logged-out", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/login") })
	g.GET(sb.InvitationPath, s.attempt, s.invitationPage)
	g.POST(sb.InvitationPath+"/accept", s.ours, s.attempt, s.acceptInvitation)

	g.GET("/auth/:provider/login", s.attempt, s.begins, s.beginLogin)
	g.GET("/auth/:provider/callback", s.attempt, s.callback)
	g.POST("/auth/:provider/acs", s.attempt, s.assertion)
	g.POST("/auth/:provider/acs/unsolicited", s.attempt, s.unsolicited)
	g.POST("/auth/demo", s.ours, s.attempt, s.demo)
	g.GET("/auth/device", s.attempt, s.devicePage)
	g.POST("/auth/device", s.ours, s.begins, s.askDevice)
	g.POST("/auth/device/answer", s.ours, s.attempt, s.answerDevice)
	g.POST("/auth/device/token", s.ours, s.deviceToken)
	g.POST("/auth/logout", s.ours, s.logout)
}

// attempt slows down who fails to log in too often, and bounds what he sends. What succeeds is not counted, however
// many come from one address.
func (s *server) attempt(c *gin.Context) {
	if err := s.failures.late(c.ClientIP()); err != nil {
		c.Abort()
		s.failed(c, err)
		return
	}
	s.boundForm(c)
	c.Next()
	switch c.Writer.Status() {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		_ = s.failures.take(c.ClientIP()) // others took the last meanwhile: then the next one waits for them
	}
}

// begins slows down who begins so many logins that no house full of people would.
func (s *server) begins(c *gin.Context) {
	if err := s.begun.take(c.ClientIP()); err != nil {
		c.Abort()
		s.failed(c, err)
	}
}

// boundForm bounds what is read of a form; the time for it began with the request.
func (s *server) boundForm(c *gin.Context) {
	raw := http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	c.Request.Body = &body{Reader: raw, Closer: raw, writer: c.Writer}
}

// ours is a middleware that refuses what another site made a browser send.
func (s *server) ours(c *gin.Context) {
	s.boundForm(c)
	if err := s.sameOrigin(c); err != nil {
		c.Abort()
		s.failed(c, err)
	}
}

// stranger is who acts before he is known.
func (s *server) stranger(c *gin.Context) sb.Origin {
	return sb.Origin{Kind: sb.User, Address: c.ClientIP(), Request: requestOf(c.Request.Context()).id}
}

func (s *server) asStranger(c *gin.Context) context.Context {
	return sb.WithOrigin(c.Request.Context(), s.stranger(c))
}

// person is who a browser is logged in as; nil for nobody.
func (s *server) browser(c *gin.Context) *sb.Caller {
	token := s.sessionCookie(c)
	if token == "" {
		return nil
	}
	found, err := s.Logins.Session(c.Request.Context(), token)
	if err != nil {
		return nil
	}
	return &found
}

func (s *server) asBrowser(c *gin.Context, who *sb.Caller) context.Context {
	o := s.stranger(c)
	o.Actor, o.Kind, o.Via = who.Principal.Who(), who.Principal.Kind, who.Via
	return sb.WithOrigin(c.Request.Context(), o)
}

// loginPage offers the ways to log in.
func (s *server) loginPage(c *gin.Context) {
	p := page{Title: "Log in", ReturnTo: sb.LocalPath(c.Query("return_to")), Providers: s.companies()}
	if len(p.Providers) < len(s.Logins.Providers()) {
		p.Demo = sb.DemoUsers
	}
	if who := s.browser(c); who != nil {
		p.Title, p.User = "You are logged in", who.Principal.Name
	}
	p.Scripts = s.app.first
	s.render(c, http.StatusOK, "login", p)
}

// ProviderItem is a way to log in.
type ProviderItem struct {
	Name  string          `json:"name"`
	Label string          `json:"label"`
	Kind  sb.ProviderKind `json:"kind"`
}

func (s *server) providers(c *gin.Context) {
	out := List[ProviderItem]{Items: []ProviderItem{}}
	for _, p := range s.Logins.Providers() {
		out.Items = append(out.Items, ProviderItem(p))
	}
	c.JSON(http.StatusOK, out)
}

// beginLogin sends a browser to the provider. It begins at the address that the provider sends it back to: elsewhere
// its cookie would not be found again.
func (s *server) beginLogin(c *gin.Context) {
	provider := c.Param("provider")
	if s.elsewhere(c) {
		c.Redirect(http.StatusSeeOther, strings.TrimSuffix(s.Home, "/")+c.Request.URL.RequestURI())
		return
	}
	address, token, err := s.Logins.Begin(s.asStranger(c), provider, s.cookie(c, pendingName), c.Query("return_to"), s.cookie(c, invitationName))
	if err != nil {
		s.failed(c, err)
		return
	}
	site := http.SameSiteLaxMode
	if s.tls() {
		site = http.SameSiteNoneMode // a SAML provider's page posts its answer
	}
	s.setCookie(c, pendingName, token, pendingFor, site)
	c.Redirect(http.StatusSeeOther, address)
}

// callback ends a login by OpenID Connect.
func (s *server) callback(c *gin.Context) {
	s.finish(c, sb.Answer{Values: c.Request.URL.Query()})
}

// assertion ends a login by SAML. Without TLS, browsers keep back our cookie from a form that another site's page
// sends: then a page of ours sends it once more, at a click.
func (s *server) assertion(c *gin.Context) {
	if err := c.Request.ParseForm(); err != nil {
		s.failed(c, newProblem(http.StatusBadRequest, sb.Invalid, "the form cannot be read"))
		return
	}
	form := c.Request.PostForm
	if !s.tls() && s.cookie(c, pendingName) == "" && !form.Has("again") {
		s.render(c, http.StatusOK, "continue", page{Title: "Log in", Fields: map[string]string{
			"SAMLResponse": form.Get("SAMLResponse"), "RelayState": form.Get("RelayState"), "again": "1",
		}})
		return
	}
	s.finish(c, sb.Answer{Values: form})
}

// unsolicited ends a login by SAML that was begun at the provider, where the settings allow that.
func (s *server) unsolicited(c *gin.Context) {
	if err := c.Request.ParseForm(); err != nil {
		s.failed(c, newProblem(http.StatusBadRequest, sb.Invalid, "the form cannot be read"))
		return
	}
	s.finish(c, sb.Answer{Values: c.Request.PostForm, Unsolicited: true})
}

func (s *server) finish(c *gin.Context, a sb.Answer) {
	provider := c.Param("provider")
	w, err := s.Logins.Finish(s.asStranger(c), provider, s.cookie(c, pendingName), c.Request.UserAgent(), a)
	s.welcome(c, provider, w, err)
}

// demo logs in as a demonstration user. What a proxy passed on comes from elsewhere, whatever name it asks for.
func (s *server) demo(c *gin.Context) {
	if home, err := url.Parse(s.Home); err == nil && local(home.Host) && passedOn(c.Request.Header) {
		s.failed(c, newProblem(http.StatusForbidden, sb.Forbidden, "demonstration users log in on this machine only, and this came through a proxy; SIGNALBOX_PUBLIC_URL with SIGNALBOX_DEMO_LOGIN=1 allows more"))
		return
	}
	w, err := s.Logins.EnterDemo(s.asStranger(c), sb.Role(c.PostForm("user")), c.PostForm("return_to"), c.Request.UserAgent())
	s.welcome(c, "demo", w, err)
}

func passedOn(h http.Header) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via"}, func(name string) bool { return h.Get(name) != "" })
}

// welcome gives a browser its new session; the one that it had before ends.
func (s *server) welcome(c *gin.Context, provider string, w sb.Welcome, err error) {
	if err != nil {
		s.blameLogin(c, provider, err)
		s.failed(c, err)
		return
	}
	if before := s.browser(c); before != nil {
		if err := s.Logins.EndSession(s.asBrowser(c, before), before.Principal.ID, before.Session.ID); err != nil {
			requestOf(c.Request.Context()).log.WithError(err).Warn("the session before a login could not be ended")
		}
	}
	s.setCookie(c, sessionName, w.Token, int(time.Until(w.Session.ExpiresAt).Seconds()), http.SameSiteLaxMode)
	c.Redirect(http.StatusSeeOther, sb.LocalPath(w.ReturnTo))
}

// logout ends the session here, and then at the provider.
func (s *server) logout(c *gin.Context) {
	who := s.browser(c)
	if who == nil && s.sessionCookie(c) != "" {
		if _, err := s.Logins.Session(c.Request.Context(), s.sessionCookie(c)); err != nil && sb.CodeOf(err) != sb.Unauthenticated {
			s.failed(c, err) // the session goes on: its cookie stays
			return
		}
	}
	s.setCookie(c, sessionName, "", -1, http.SameSiteLaxMode)
	if who == nil {
		c.Redirect(http.StatusSeeOther, "/login")
		return
	}
	address, err := s.Logins.Leave(s.asBrowser(c, who), *who.Session)
	if err != nil {
		requestOf(c.Request.Context()).log.WithError(err).Warn("the login at the provider could not be ended")
	}
	switch {
	case c.NegotiateFormat("text/html", "application/json") == "application/json":
		c.JSON(http.StatusOK, map[string]string{"provider_logout": address})
	case address != "":
		s.render(c, http.StatusOK, "message", page{Title: "You are logged out", Message: "Now the login at the provider ends as well.", Forward: address})
	default:
		c.Redirect(http.StatusSeeOther, "/login")
	}
}

// metadata describes us to a SAML provider.
func (s *server) metadata(c *gin.Context) {
	text, err := s.Logins.Metadata(c.Request.Context(), c.Param("provider"))
	if err != nil {
		write(c, problemOf(c.Request.Context(), err))
		return
	}
	c.Data(http.StatusOK, "application/samlmetadata+xml", text)
}
