package signalbox

import (
	"errors"
	"fmt"
)

// Code says for machines what kind of error happened. The API shows it as `code`.
type Code string

// The codes; each has one HTTP status in controlplane/api.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	RunOver         Code = "run_over" // work API: do not begin, or stop caring
	Gone            Code = "gone"
	TooLarge        Code = "too_large"
	RateLimited     Code = "rate_limited"
	Unavailable     Code = "unavailable"
	Internal        Code = "internal"
)

// Known tells whether it is one of the codes above, and not just any text.
func (c Code) Known() bool {
	switch c {
	case Invalid, Unauthenticated, Forbidden, NotFound, Conflict, RunOver, Gone, TooLarge, RateLimited, Unavailable, Internal:
		return true
	}
	return false
}

// Fault is one thing wrong with an input.
type Fault struct {
	Location string `json:"location"` // where, such as "body.params.threshold"
	Message  string `json:"message"`  // what, and what would be right
	Value    any    `json:"value,omitempty"`
}

// Error is the only error type that crosses a package border on purpose: a code for machines, a message
// for people, a cause for the log. The cause is never shown to a client.
type Error struct {
	Code    Code
	Message string
	Faults  []Fault // for Invalid: every fault found
	Want    *int64  // for a gap in a log: the number wanted next
	Cause   error
}

// Error gives the message and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error with a code and a message for people.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error with a code and a message for people around the cause, which only logs show.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Faulty makes an Invalid error that lists every fault.
func Faulty(message string, faults ...Fault) *Error {
	return &Error{Code: Invalid, Message: message, Faults: faults}
}

// MessageOf is what people may read of an error: never its cause. "" for nil.
func MessageOf(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Message
	}
	return "an internal error; the server's log tells more"
}

// CodeOf gives the code of an error, Internal if it has none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
