package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	sb "signalbox"
)

// pollEvery is how often a program may ask whether it was let in, in seconds.
const pollEvery = 2

// askDevice begins the login of a program without a browser (RFC 8628).
func (s *server) askDevice(c *gin.Context) {
	a, err := s.Logins.AskDevice(s.asStranger(c), c.Request.UserAgent())
	if err != nil {
		write(c, problemOf(c.Request.Context(), err))
		return
	}
	page := strings.TrimSuffix(s.Home, "/") + "/auth/device"
	c.JSON(http.StatusOK, map[string]any{
		"device_code": a.DeviceCode, "user_code": a.UserCode, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(a.UserCode),
		"expires_in":                int(a.Within.Seconds()), "interval": pollEvery,
	})
}

// devicePage asks a person whether a program may act as he.
func (s *server) devicePage(c *gin.Context) {
	who := s.browser(c)
	if who == nil {
		c.Redirect(http.StatusSeeOther, "/login?return_to="+url.QueryEscape(c.Request.URL.RequestURI()))
		return
	}
	p := page{Title: "Let a program in", User: who.Principal.Name}
	if code := c.Query("user_code"); code != "" {
		d, err := s.Logins.Device(c.Request.Context(), code)
		if err != nil {
			s.failed(c, err)
			return
		}
		p.Device = &d
	}
	s.render(c, http.StatusOK, "device", p)
}

// answerDevice lets the program in, or refuses it.
func (s *server) answerDevice(c *gin.Context) {
	who := s.browser(c)
	if who == nil {
		s.failed(c, newProblem(http.StatusUnauthorized, sb.Unauthenticated, "you are not logged in any more"))
		return
	}
	let := c.PostForm("answer") == "yes"
	if err := s.Logins.AnswerDevice(s.asBrowser(c, who), c.PostForm("user_code"), who.Principal, let); err != nil {
		s.failed(c, err)
		return
	}
	p := page{Title: "The program is let in", Message: "It acts as " + who.Principal.Name + " now. You can close this page."}
	if !let {
		p = page{Title: "The program was refused", Message: "It cannot act as you. You can close this page."}
	}
	s.render(c, http.StatusOK, "message", p)
}

// deviceToken gives a program its session once its person has let it in. Errors are those of RFC 8628.
func (s *server) deviceToken(c *gin.Context) {
	w, err := s.Logins.EnterDevice(s.asStranger(c), c.PostForm("device_code"))
	switch code := sb.CodeOf(err); {
	case code == sb.NotFound:
		if late := s.guesses.take(c.ClientIP()); late != nil {
			write(c, problemOf(c.Request.Context(), late))
			return
		}
		c.JSON(http.StatusBadRequest, map[string]string{"error": "expired_token", "error_description": "it was refused, or the code has expired"})
	case err != nil:
		write(c, problemOf(c.Request.Context(), err))
	case w.Token == "":
		c.JSON(http.StatusBadRequest, map[string]string{"error": "authorization_pending"})
	default:
		c.JSON(http.StatusOK, map[string]any{"access_token": w.Token, "token_type": "Bearer", "expires_at": moment(w.Session.ExpiresAt)})
	}
}
