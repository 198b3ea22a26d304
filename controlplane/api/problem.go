package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// Problem is the body of every error (RFC 9457), with a code for machines.
type Problem struct {
	Status int        `json:"status" doc:"The HTTP status."`
	Title  string     `json:"title" doc:"The status in words."`
	Detail string     `json:"detail" doc:"What is wrong, for people."`
	Code   sb.Code    `json:"code" enum:"invalid,unauthenticated,forbidden,not_found,conflict,run_over,gone,too_large,rate_limited,unavailable,internal" doc:"What is wrong, for machines."`
	Errors []sb.Fault `json:"errors,omitempty" doc:"Every fault found in the input."`
	Want   *int64     `json:"want,omitempty" doc:"For a gap in a log: the number wanted next."`

	header http.Header // besides those of the status
}

// statuses is the one table from codes to HTTP statuses.
var statuses = map[sb.Code]int{
	sb.Invalid:         http.StatusUnprocessableEntity,
	sb.Unauthenticated: http.StatusUnauthorized,
	sb.Forbidden:       http.StatusForbidden,
	sb.NotFound:        http.StatusNotFound,
	sb.Conflict:        http.StatusConflict,
	sb.RunOver:         http.StatusConflict,
	sb.Gone:            http.StatusGone,
	sb.TooLarge:        http.StatusRequestEntityTooLarge,
	sb.RateLimited:     http.StatusTooManyRequests,
	sb.Unavailable:     http.StatusServiceUnavailable,
	sb.Internal:        http.StatusInternalServerError,
}

// What clients read of faults that are ours. The cause is in the log, beside the request id.
const (
	internalDetail    = "Something went wrong on the server. Its log has more under the request id, which is in the header X-Request-Id."
	unavailableDetail = "The server cannot answer this just now. Try again in a moment."
	faultyDetail      = "the request is not valid"
)

// Error gives the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType turns JSON into problem JSON.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives the headers that belong to the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	maps.Copy(h, p.header)
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	return h
}

func newProblem(status int, code sb.Code, detail string) *Problem {
	switch {
	case status == http.StatusServiceUnavailable:
		detail = unavailableDetail
	case status >= http.StatusInternalServerError:
		detail = internalDetail
	}
	return &Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// problemOf is what a client gets to read of an error. Faults of ours are logged here, once.
func problemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p := bodyProblem(err); p != nil {
		return p
	}
	code := sb.CodeOf(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		code = sb.Unavailable
	}
	status, known := statuses[code]
	if !known {
		code, status = sb.Internal, http.StatusInternalServerError
	}
	p = newProblem(status, code, "")
	if r := requestOf(ctx); code == sb.Forbidden && r.refused != nil {
		r.refused(ctx)
	}
	if status >= http.StatusInternalServerError {
		blame(ctx, err, code)
		return p
	}
	var e *sb.Error
	if errors.As(err, &e) {
		p.Detail, p.Want, p.Errors = e.Message, e.Want, faults(e.Faults)
	}
	return p
}

// blame logs the cause of a fault of ours. That a client went away is none.
func blame(ctx context.Context, err error, code sb.Code) {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	requestOf(ctx).log.WithError(err).WithField("code", code).Error("request failed")
}

// bodyProblem tells what is wrong when an error comes from reading the request's body; nil when it does not.
func bodyProblem(err error) *Problem {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return newProblem(http.StatusRequestEntityTooLarge, sb.TooLarge, "the body is larger than "+strconv.FormatInt(large.Limit, 10)+" bytes")
	}
	var broken *bodyError
	if !errors.As(err, &broken) {
		return nil
	}
	var slow net.Error
	if errors.As(broken.cause, &slow) && slow.Timeout() {
		return newProblem(http.StatusRequestTimeout, sb.Invalid, "the body did not arrive in time")
	}
	return newProblem(http.StatusBadRequest, sb.Invalid, "the body cannot be read to its end")
}

// faults keeps the values of faults only where they are short scalars: a body is never sent back.
func faults(found []sb.Fault) []sb.Fault {
	out := make([]sb.Fault, 0, len(found))
	for _, f := range found {
		f.Value = scalar(f.Value)
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func scalar(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) <= 200 {
			return v
		}
	case bool, int, int32, int64, float32, float64, json.Number:
		return v
	}
	return nil
}

// codeOf gives the code of a status that did not come from an error of ours.
func codeOf(status int) sb.Code {
	for code, s := range statuses {
		if s == status && code != sb.RunOver {
			return code
		}
	}
	if status >= http.StatusInternalServerError {
		return sb.Internal
	}
	return sb.Invalid
}

// frameworkProblem replaces the errors that Huma makes: they would send bodies and internal errors back.
func frameworkProblem(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	for _, err := range errs {
		var p *Problem
		if errors.As(err, &p) {
			return p
		}
		if p := bodyProblem(err); p != nil {
			return p
		}
	}
	p := newProblem(status, codeOf(status), message)
	if status >= http.StatusInternalServerError {
		if ctx != nil {
			blame(ctx.Context(), errors.Join(append(errs, errors.New(message))...), p.Code)
		}
		return p
	}
	if len(errs) > 0 {
		p.Detail, p.Errors = faultyDetail, detailed(errs)
	}
	if status == http.StatusBadRequest && len(errs) > 0 {
		p.Detail = "the body is not readable JSON"
	}
	return p
}

func detailed(errs []error) []sb.Fault {
	var out []sb.Fault
	for _, err := range errs {
		d, ok := err.(huma.ErrorDetailer)
		if !ok {
			out = append(out, sb.Fault{Message: "not valid"})
			continue
		}
		f := sb.Fault{Location: d.ErrorDetail().Location, Message: d.ErrorDetail().Message}
		if !strings.HasPrefix(f.Location, "body") {
			f.Value = scalar(d.ErrorDetail().Value)
		}
		out = append(out, f)
	}
	return out
}

// refuse writes an error from a middleware, before any handler.
func refuse(ctx huma.Context, err error) {
	p := problemOf(ctx.Context(), err)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := json.NewEncoder(ctx.BodyWriter()).Encode(p); err != nil {
		requestOf(ctx.Context()).log.WithError(err).Debug("the client did not take the answer")
	}
}
