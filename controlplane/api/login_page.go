package api

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	sb "signalbox"
)

//go:embed pages
var pageFiles embed.FS

// pages are those of the login: rendered here, and good without scripts.
var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// pagePolicy lets a page use our style and send forms to us, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// page is what the pages show.
type page struct {
	Title     string
	User      string // who is logged in
	ReturnTo  string
	Providers []sb.Provider
	Demo      []sb.DemoRole
	Device    *sb.Device
	Fields    map[string]string
	Scripts   []string // of the application: the browser makes them ready while somebody logs in

	Invitation *sb.Invitation
	Token      string // of the invitation, if it is for the address of who is logged in

	Message  string
	Forward  string // where the browser goes by itself
	Link     string
	LinkText string
}

func (s *server) render(c *gin.Context, status int, name string, p page) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, p); err != nil {
		requestOf(c.Request.Context()).log.WithError(err).Error("a page could not be made")
		write(c, newProblem(http.StatusInternalServerError, sb.Internal, ""))
		return
	}
	policy := pagePolicy
	if len(p.Scripts) > 0 { // it runs none, but fetches them
		policy += "; script-src 'self'"
	}
	c.Header("Content-Security-Policy", policy)
	c.Header("Referrer-Policy", "same-origin") // with none at all, browsers do not say where a form comes from
	c.Data(status, "text/html; charset=utf-8", out.Bytes())
}

// failed shows what went wrong to a person. The cause of a refused login is in the log.
func (s *server) failed(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err)
	for name, values := range p.GetHeaders() {
		c.Header(name, values[0])
	}
	s.render(c, p.Status, "message", page{Title: "That did not work", Message: sentence(p.Detail), Link: "/login", LinkText: "Back to the login"})
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return text
	}
	if last := text[len(text)-1]; last != '.' && last != '!' && last != '?' {
		text += "."
	}
	if first := text[0]; first >= 'a' && first <= 'z' {
		text = string(first-'a'+'A') + text[1:]
	}
	return text
}

// blameLogin keeps that a login failed: in the log with its cause, and counted in the audit log.
func (s *server) blameLogin(c *gin.Context, provider string, err error) {
	ctx := c.Request.Context()
	code := sb.CodeOf(err)
	if code != sb.Unauthenticated && code != sb.Forbidden {
		return
	}
	log := requestOf(ctx).log.WithField("provider", provider)
	log.WithError(err).Info("login refused")
	if s.Refusals == nil {
		return
	}
	o := s.stranger(c)
	o.Via = "login:" + provider
	if err := s.Refusals.Refuse(sb.WithOrigin(ctx, o), "login", sb.Object{Kind: "provider", Name: provider}); err != nil && !errors.Is(err, ctx.Err()) {
		log.WithError(err).Warn("a refused login could not be audited")
	}
}
