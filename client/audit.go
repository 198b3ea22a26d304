package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	sb "signalbox"
)

// Audit is the part of the API about who did what, and whether all is well. It is for admins.
type Audit struct{ c *conn }

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	Document
	ID        string          `json:"id"`
	At        time.Time       `json:"at"`
	Actor     *AuditActor     `json:"actor"`
	Action    string          `json:"action"`
	Object    *AuditObject    `json:"object"`
	Outcome   sb.AuditOutcome `json:"outcome"`
	Count     int64           `json:"count"`
	Address   string          `json:"address"`
	RequestID string          `json:"request_id"`
	Via       string          `json:"via"`
	Detail    json.RawMessage `json:"detail"`
	Chain     *int64          `json:"chain"`
	MAC       *string         `json:"mac"`
}

// UnmarshalJSON reads an entry and keeps its text.
func (e *AuditEntry) UnmarshalJSON(b []byte) error {
	type plain AuditEntry
	return keep(b, (*plain)(e), &e.JSON)
}

// AuditActor is who did something; its kind is user, service_account or system.
type AuditActor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// AuditObject is what something was done to.
type AuditObject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// AuditFilter says which entries to read. Zero is all.
type AuditFilter struct {
	Actor   string // id
	Action  string // such as dataset.create, or dataset for all of that noun
	Object  string // id
	Outcome sb.AuditOutcome
	Since   time.Time
	Until   time.Time // before it
}

func (f AuditFilter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"actor": f.Actor, "action": f.Action, "object": f.Object, "outcome": string(f.Outcome),
		"since": timeText(f.Since), "until": timeText(f.Until),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// List reads a page of the entries that fit, newest first.
func (a Audit) List(ctx context.Context, f AuditFilter, p Paging) (Page[AuditEntry], error) {
	return read[Page[AuditEntry]](ctx, a.c, "/audit", p.into(f.query()))
}

// Export writes all entries that fit to w, newest first, one JSON object a line.
func (a Audit) Export(ctx context.Context, f AuditFilter, w io.Writer) error {
	r := get("/audit", f.query())
	r.query.Set("format", "jsonl")
	r.header = http.Header{"Accept": {"application/x-ndjson, application/problem+json"}}
	return a.c.save(ctx, r, w)
}

// Health tells whether all is well with a server.
type Health struct {
	Document
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// UnmarshalJSON reads the state and keeps its text.
func (h *Health) UnmarshalJSON(b []byte) error {
	type plain Health
	return keep(b, (*plain)(h), &h.JSON)
}

// Check is the state of one thing; Fix says what to do about it.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

// Doctor asks a server whether all is well. With verify the whole audit log is read and verified, which may take a
// while; with a head of it (place:mac) also that nothing up to there was changed or cut off.
func (a Audit) Doctor(ctx context.Context, verify bool, head string) (Health, error) {
	q := url.Values{}
	if verify {
		q.Set("verify_audit", "true")
	}
	if head != "" {
		q.Set("audit_head", head)
	}
	return read[Health](ctx, a.c, "/doctor", q)
}
