package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// trail is an audit log in memory.
type trail struct {
	mu      sync.Mutex
	refused []string // who, what, to what, from where
	entries int      // there are this many
	breaks  int      // reading behind this many fails; 0 never
	fails   error
	reads   int
	asked   sb.AuditQuery
	check   sb.Check
	head    sb.AuditHead
	late    time.Duration
}

func (a *trail) Refuse(ctx context.Context, action string, object sb.Object) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := sb.OriginOf(ctx)
	a.refused = append(a.refused, strings.TrimSpace(fmt.Sprint(o.Actor.ID, " ", action, " ", object.Kind, " ", object.ID))+" "+o.Address)
	return a.fails
}

func (a *trail) Audit(_ context.Context, q sb.AuditQuery) (sb.Page[sb.AuditEntry], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = q
	a.reads++
	var page sb.Page[sb.AuditEntry]
	from, err := strconv.Atoi("0" + q.Cursor)
	if err != nil {
		return page, sb.Errorf(sb.Invalid, "the cursor is not one of this list")
	}
	if a.breaks > 0 && from >= a.breaks {
		return page, sb.Errorf(sb.Unavailable, "it is gone")
	}
	for i := from; i < a.entries && i < from+q.Limit; i++ {
		page.Items = append(page.Items, sb.AuditEntry{ID: strconv.Itoa(i), At: day, Action: "dataset.create", Outcome: sb.AuditDone, Count: 1})
	}
	if from+q.Limit < a.entries {
		page.Next = strconv.Itoa(from + q.Limit)
	}
	return page, nil
}

func (a *trail) AuditActions(context.Context) ([]string, error) {
	return []string{"dataset.create"}, nil
}

func (a *trail) State(context.Context) (sb.Check, error) {
	return sb.Check{Name: "audit log", OK: true, Detail: "the head is 3:ab"}, a.fails
}

func (a *trail) Check(_ context.Context, head sb.AuditHead) (sb.Check, error) {
	a.head = head
	return a.check, a.fails
}

func (a *trail) Now(context.Context) (time.Time, error) { return time.Now().Add(a.late), nil }

func audited(t *testing.T) (*bench, *trail) {
	t.Helper()
	a := &trail{}
	return setup(t, func(d *Deps) { d.Record = Record{Audit: a, Refusals: a, Seal: a, Clock: a} }), a
}

func TestRefusalsOfKnownPrincipalsAreAudited(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	require.Equal(t, 403, b.do("ann", "POST", "/api/v1/plugins", "x", "Content-Type", "application/zip").StatusCode)
	require.Equal(t, 403, b.do("gus", "POST", "/api/v1/datasets", `{"name":"d"}`).StatusCode)
	require.Equal(t, 403, b.do("ann", "DELETE", "/api/v1/datasets/quick%2Fstart", "").StatusCode)
	require.Equal(t, 401, b.do("sbk_unknown", "GET", "/api/v1/me", "").StatusCode)
	require.Equal(t, 404, b.do("gus", "DELETE", "/api/v1/datasets/secret", "").StatusCode)
	require.Equal(t, 200, b.do("ann", "GET", "/api/v1/me", "").StatusCode)
	require.Equal(t, []string{
		"ann administer plugins 127.0.0.1", "gus create_dataset datasets 127.0.0.1", "ann manage_dataset datasets quick/start 127.0.0.1",
	}, a.refused)
}

func TestARefusalThatCannotBeKeptIsOneNevertheless(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	a.fails = sb.Errorf(sb.Unavailable, "the disk is full")
	require.Equal(t, 403, b.do("ann", "GET", "/api/v1/plugins", "").StatusCode)
	require.Len(t, a.refused, 1)
}

func TestAuditLogIsForAdmins(t *testing.T) {
	t.Parallel()
	b, _ := audited(t)
	for _, path := range []string{"/api/v1/audit", "/api/v1/audit?format=jsonl", "/api/v1/doctor"} {
		require.Equal(t, 403, b.do("ann", "GET", path, "").StatusCode, path)
		require.Equal(t, 200, b.do("root", "GET", path, "").StatusCode, path)
	}
}

func TestAuditPage(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	a.entries = 3
	got := b.do("root", "GET", "/api/v1/audit?actor=ann&action=dataset&object=d1&outcome=done&since=2026-05-01T10:00:00Z&until=2026-05-02T10:00:00Z&limit=2", "")
	require.Equal(t, 200, got.StatusCode, got.body)
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.JSONEq(t, `{"items":[
		{"id":"0","at":"2026-05-01T08:00:00.123456Z","actor":null,"action":"dataset.create","object":{"kind":"","id":"","name":""},"outcome":"done",
			"count":1,"address":"","request_id":"","via":"","detail":null,"chain":null,"mac":null},
		{"id":"1","at":"2026-05-01T08:00:00.123456Z","actor":null,"action":"dataset.create","object":{"kind":"","id":"","name":""},"outcome":"done",
			"count":1,"address":"","request_id":"","via":"","detail":null,"chain":null,"mac":null}
	],"next_cursor":"2"}`, got.body)
	require.Equal(t, sb.AuditQuery{
		Actor: "ann", Action: "dataset", Object: "d1", Outcome: sb.AuditDone, Limit: 2,
		Since: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), Until: time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC),
	}, a.asked)
	for _, query := range []string{"outcome=maybe", "cursor=x", "since=yesterday", "format=csv", "user=ann"} {
		require.Equal(t, 422, b.do("root", "GET", "/api/v1/audit?"+query, "").StatusCode, query)
	}
}

func TestAuditExportReadsPageAfterPage(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	a.entries = 1203
	for _, headers := range [][]string{{"Accept", "application/x-ndjson"}, {"Accept", "application/x-ndjson, application/problem+json"}} {
		a.reads = 0
		got := b.do("root", "GET", "/api/v1/audit", "", headers...)
		require.Equal(t, []any{200, "application/x-ndjson"}, []any{got.StatusCode, got.Header.Get("Content-Type")})
		lines := strings.Split(strings.TrimSpace(got.body), "\n")
		require.Len(t, lines, 1203)
		require.Equal(t, 3, a.reads)
		var last AuditEntry
		require.NoError(t, json.Unmarshal([]byte(lines[1202]), &struct{ ID *string }{&last.ID}))
		require.Equal(t, "1202", last.ID)
	}
	require.Empty(t, b.do("root", "HEAD", "/api/v1/audit?format=jsonl", "").body)
}

func TestAnExportThatBreaksOffDoesNotLookWhole(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	a.entries, a.breaks = 1203, 1000
	req, err := newRequest(t, b, "/api/v1/audit?format=jsonl")
	require.NoError(t, err)
	require.Error(t, readAll(req))
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	b, a := audited(t)
	got := b.do("root", "GET", "/api/v1/doctor", "").json(t)
	require.Equal(t, false, got["ok"], "no worker was heard")
	checks := map[string]map[string]any{}
	for _, c := range got["checks"].([]any) {
		checks[c.(map[string]any)["name"].(string)] = c.(map[string]any)
	}
	require.Equal(t, true, checks["clock"]["ok"])
	require.Equal(t, false, checks["workers of builtin"]["ok"])
	require.Contains(t, checks["workers of builtin"]["fix"], "signalbox worker")
	require.Equal(t, "the head is 3:ab", checks["audit log"]["detail"])

	b.workers = []sb.Worker{{Name: "host/default", SeenAt: time.Now(), Warnings: []string{"memory is NOT bounded"}}}
	require.Contains(t, b.do("root", "GET", "/api/v1/doctor", "").body, `{"name":"worker host/default","ok":false,"detail":"memory is NOT bounded","fix":"give`)
	require.Contains(t, b.do("root", "GET", "/api/v1/orchestrators/builtin/workers", "").body, `"warnings":["memory is NOT bounded"]`)

	a.late, a.check = time.Hour, sb.Check{Name: "audit log", Detail: "entry 4 is missing: it was removed", Fix: "look"}
	reply := b.do("root", "GET", "/api/v1/doctor?audit_head=7:AB", "")
	require.Contains(t, reply.body, `"entry 4 is missing: it was removed"`)
	require.Contains(t, reply.body, "1h0m0s apart")
	require.Equal(t, sb.AuditHead{Chain: 7, MAC: "ab"}, a.head)
	b.do("root", "GET", "/api/v1/doctor?verify_audit=true", "")
	require.Equal(t, sb.AuditHead{}, a.head)
	for _, head := range []string{"7", "x:ab", "0:ab", "7:", "7:xyz"} {
		require.Equal(t, 422, b.do("root", "GET", "/api/v1/doctor?audit_head="+head, "").StatusCode, head)
	}
	a.fails = sb.Errorf(sb.Unavailable, "the database cannot be reached")
	require.Contains(t, b.do("root", "GET", "/api/v1/doctor", "").body, "the database cannot be reached")
}

func newRequest(t *testing.T, b *bench, path string) (*http.Request, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
	if err == nil {
		req.Header.Set("X-API-Key", "sbk_root")
	}
	return req, err
}

func readAll(req *http.Request) error {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
