package flyte

import (
	"encoding/json"
	"net/http"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// connectRefused is an error that Flyte 2 itself answered with. What it says stays in this package: it may quote what we
// sent.
type connectRefused struct{ code, said string }

func (r *connectRefused) Error() string { return "Connect's code " + r.code }

// connectError reads an error as Connect writes it; nil when it is none of Flyte's own.
func connectError(reply outbound.Reply) *connectRefused {
	var e struct{ Code, Message string }
	if !reply.JSON() || json.Unmarshal(reply.Body, &e) != nil || e.Code == "" || strings.Trim(e.Code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return nil
	}
	return &connectRefused{code: e.Code, said: e.Message}
}

// inWords puts an error of Flyte's own into ours.
func (r *connectRefused) inWords(method string) error {
	code, text := sb.Unavailable, "Flyte cannot answer at the moment"
	switch r.code {
	case "not_found":
		code, text = sb.NotFound, "Flyte knows nothing of this name"
	case "invalid_argument", "failed_precondition", "out_of_range":
		code, text = sb.Invalid, "Flyte refuses the call"
	case "already_exists":
		code, text = sb.Conflict, "Flyte has something of this name already"
	case "unauthenticated":
		code, text = sb.Unauthenticated, "Flyte, or what stands before it, does not take the credentials"
	case "permission_denied":
		code, text = sb.Forbidden, "the account lacks the right to call "+method
	case "unimplemented":
		code, text = sb.Unavailable, "this Flyte does not know the call "+method
	}
	return sb.Wrap(r, code, "%s (%s)", text, r.code)
}

// verdict puts an answer that is not a good one into our words.
func (c *connect) verdict(method string, reply outbound.Reply) error {
	s := reply.Status
	if s == http.StatusOK {
		return nil
	}
	if own := connectError(reply); own != nil {
		if own.code == "unimplemented" {
			c.a.forgetProtocol()
		}
		return own.inWords(method)
	}
	code, text := sb.Unavailable, "Flyte, or a proxy before it, cannot answer at the moment"
	switch {
	case s >= 300 && s < 400:
		text = "Flyte, or a proxy before it, answers with a redirect, perhaps to a login page"
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		code, text = sb.Unauthenticated, "something before Flyte, such as a proxy, does not take the credentials"
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s == http.StatusUnsupportedMediaType:
		c.a.forgetProtocol() // another version, or not the API that we know
		text = "Flyte does not know the call " + method + "; which version it is will be found out again"
	case s == http.StatusRequestEntityTooLarge:
		code, text = sb.Invalid, "what is sent is too large for Flyte, or for a proxy before it"
	}
	return sb.Errorf(code, "%s (status %d)", text, s)
}
