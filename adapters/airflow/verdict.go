package airflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// refused is an answer that says no. What it says stays in this package: it may quote what we sent.
type refused struct {
	status int
	said   string
}

func (r *refused) Error() string { return "status " + http.StatusText(r.status) }

// statusOf gives the status of an answer that said no; 0 when there was none.
func statusOf(err error) (int, string) {
	var r *refused
	if errors.As(err, &r) {
		return r.status, r.said
	}
	return 0, ""
}

// verdict puts an answer that is not a good one into our words.
func (a *Adapter) verdict(api api, c call, reply outbound.Reply) error {
	said, own := api.said(reply)
	no := &refused{status: reply.Status, said: said}
	code, text := sb.Invalid, "Airflow refuses the call"
	switch s := reply.Status; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		code, text = sb.Unavailable, "Airflow, or a proxy before it, answers with a redirect, perhaps to a login page"
	case s == http.StatusUnauthorized || s == http.StatusForbidden && badToken(said):
		code, text = sb.Unauthenticated, api.refusal(a.set.Auth)
	case s == http.StatusForbidden && !own:
		code, text = sb.Unauthenticated, "something before Airflow, such as a proxy, refuses the call"
	case s == http.StatusForbidden:
		code, text = sb.Forbidden, "the account in Airflow lacks the right to "+c.verb()
	case s == http.StatusMethodNotAllowed || s == http.StatusNotFound && !own:
		a.forgetAPI() // upgraded, or not the API that we know
		code, text = sb.Unavailable, "Airflow does not know the call; which version it is will be found out again"
	case s == http.StatusNotFound:
		code, text = sb.NotFound, "Airflow knows nothing of this name"
	case s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout:
		code, text = sb.Unavailable, "Airflow cannot answer at the moment"
	}
	return sb.Wrap(no, code, "%s (status %d)", text, reply.Status)
}

// verb says what a call does, for people who give out rights.
func (c call) verb() string {
	what := strings.Join(c.path, "/")
	switch {
	case c.method == http.MethodPatch && strings.Contains(what, "dagRuns"):
		return "change DAG runs"
	case c.method == http.MethodPatch:
		return "change DAGs"
	case strings.HasSuffix(what, "/list"), c.method == http.MethodGet && strings.HasSuffix(what, "dagRuns"):
		return "read DAG runs and task instances"
	case c.method == http.MethodPost:
		return "create DAG runs"
	case strings.Contains(what, "/logs/"):
		return "read task logs"
	case strings.Contains(what, "xcomEntries"):
		return "read XComs"
	}
	return "read " + c.path[0]
}

func badToken(said string) bool { return strings.Contains(said, "Invalid JWT token") }

// outdated tells whether an answer may mean that the credentials were good once.
func outdated(r outbound.Reply) bool {
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden && badToken(string(r.Body[:min(len(r.Body), 1<<10)]))
}

// decode reads the JSON of a good answer.
func decode(r outbound.Reply, into any) error {
	if into == nil {
		return nil
	}
	if !r.JSON() {
		return sb.Errorf(sb.Unavailable, "the answer is no JSON, perhaps the page of a proxy before Airflow")
	}
	if json.Unmarshal(r.Body, into) == nil {
		return nil
	}
	if json.Unmarshal(finite(r.Body), into) != nil {
		return sb.Errorf(sb.Unavailable, "the answer is JSON that cannot be read")
	}
	return nil
}

// finite replaces the numbers that Python writes and JSON does not have, outside of strings. One run with such a number
// in its conf, anybody's, would otherwise hide all runs of its page.
func finite(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] == '"' {
			end := i + 1
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(b))
			out, i = append(out, b[i:end]...), end
			continue
		}
		n := 0
		for _, word := range []string{"-Infinity", "Infinity", "NaN"} {
			if bytes.HasPrefix(b[i:], []byte(word)) {
				n = len(word)
				break
			}
		}
		if n > 0 {
			out, i = append(out, "null"...), i+n
			continue
		}
		out, i = append(out, b[i]), i+1
	}
	return out
}

// joined escapes a path's elements.
func joined(path []string) string {
	var b strings.Builder
	for _, e := range path {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(e))
	}
	return b.String()
}

func values(query map[string]string) url.Values {
	if len(query) == 0 {
		return nil
	}
	v := url.Values{}
	for name, value := range query {
		v.Set(name, value)
	}
	return v
}
