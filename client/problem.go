package client

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	sb "signalbox"
)

// problem is an error as the API tells it: RFC 9457 with a code.
type problem struct {
	Title  string     `json:"title"`
	Detail string     `json:"detail"`
	Code   sb.Code    `json:"code"`
	Errors []sb.Fault `json:"errors"`
	Want   *int64     `json:"want"`
}

// codes are for answers that carry no code of ours: those of a proxy in between. A strict connection has no use for them.
var codes = map[int]sb.Code{
	http.StatusBadRequest: sb.Invalid, http.StatusUnprocessableEntity: sb.Invalid,
	http.StatusUnauthorized: sb.Unauthenticated, http.StatusProxyAuthRequired: sb.Unauthenticated,
	http.StatusForbidden: sb.Forbidden, http.StatusNotFound: sb.NotFound, http.StatusConflict: sb.Conflict,
	http.StatusGone: sb.Gone, http.StatusRequestEntityTooLarge: sb.TooLarge,
	http.StatusTooManyRequests: sb.RateLimited, http.StatusBadGateway: sb.Unavailable,
	http.StatusServiceUnavailable: sb.Unavailable, http.StatusGatewayTimeout: sb.Unavailable,
}

// failure makes an error of an answer that is not of the 200s. What is no problem of the API is not quoted, and is no
// answer at all where the connection is strict.
func (c *conn) failure(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "application/problem+json" || kind == "application/json" && !c.strict {
		var p problem
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err == nil && json.Unmarshal(body, &p) == nil && p.Code != "" && (p.Code.Known() || !c.strict) {
			return &sb.Error{Code: p.Code, Message: p.message(resp), Faults: p.Errors, Want: p.Want}
		}
	}
	if resp.StatusCode/100 == 3 {
		return sb.Errorf(c.foreign(sb.Invalid), "%s redirects elsewhere; give the address it redirects to", c.base)
	}
	code, known := codes[resp.StatusCode]
	if !known {
		code = sb.Internal
	}
	return sb.Errorf(c.foreign(code), "%s answered %d %s, which is no answer of Signalbox; is the address right?",
		c.base, resp.StatusCode, http.StatusText(resp.StatusCode))
}

// foreign is the code of an answer that is not the API's own; otherwise is what its status means by itself.
func (c *conn) foreign(otherwise sb.Code) sb.Code {
	if c.strict {
		return sb.Unavailable
	}
	return otherwise
}

func (p problem) message(resp *http.Response) string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if text == "" {
		text = http.StatusText(resp.StatusCode)
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		text = strings.TrimRight(text, ".") + "; try again in " + (time.Duration(s) * time.Second).String()
	}
	return text
}
