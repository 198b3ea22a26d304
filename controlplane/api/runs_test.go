package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestScheduleAndShowARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	got := b.do("ann", "POST", "/api/v1/runs", `{"operator":"@acme/tools/hello","dataset":"quick/start","params":{"z":1,"a":2},"label":"first"}`)
	require.Equal(t, http.StatusAccepted, got.StatusCode, got.body)
	require.Equal(t, "/api/v1/runs/r1", got.Header.Get("Location"))
	run := got.json(t)
	require.Equal(t, "scheduled", run["status"])
	require.Equal(t, map[string]any{"position": 3., "ahead": 2.}, run["queue"])
	require.Equal(t, map[string]any{"id": "ann", "name": "ann"}, run["created_by"])
	require.Equal(t, "2026-05-01T08:00:00.123456Z", run["scheduled_at"])
	require.Contains(t, got.body, `"params":{"z":1,"a":2}`)
	require.Contains(t, got.body, `"inputs_schema":{"kind":"json_schema","schema":{"z":1,"a":{"y":2,"b":3}}}`)
	for _, field := range []string{"progress", "queued_at", "started_at", "ended_at", "rerun_of", "view", "result", "outputs_schema", "failure", "log"} {
		require.Contains(t, run, field)
		require.Nil(t, run[field], field)
	}
	require.NotContains(t, got.body, "$schema")

	list := b.do("ann", "GET", "/api/v1/runs?dataset=quick%2Fstart", "").json(t)
	require.Nil(t, list["next_cursor"])
	item := list["items"].([]any)[0].(map[string]any)
	for _, heavy := range []string{"params", "view", "inputs_schema", "outputs_schema", "result"} {
		require.NotContains(t, item, heavy)
	}
	require.Equal(t, run["queue"], item["queue"])
}

func TestFieldsOfARunAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	fraction, exit := 0.5, day
	r := sb.Run{
		ID: "r1", Status: sb.Failed, Failure: &sb.Failure{Kind: sb.FailError, Message: "m", Stack: "s"}, Log: &sb.Log{Path: "p", Size: 7},
		Work: sb.Work{
			State: sb.WorkEnded, Ref: "ref", URL: "http://x", SeenAt: &exit, Reported: &sb.Outcome{Completed: true},
			Progress: &sb.Progress{Fraction: &fraction, Label: "half", UpdatedAt: day},
		},
	}
	text, err := json.Marshal(runOut(r, nil))
	require.NoError(t, err)
	var run map[string]any
	require.NoError(t, json.Unmarshal(text, &run))
	for field := range strings.FieldsSeq(`id operator operator_label plugin plugin_version plugin_revision label dataset status progress
		orchestrator attempt priority created_by scheduled_at queued_at started_at ended_at updated_at pinned rerun_of params view
		inputs_schema result outputs_schema failure work log queue`) {
		require.Contains(t, run, field)
	}
	require.Equal(t, map[string]any{"kind": "error", "message": "m", "stack": "s"}, run["failure"])
	require.Equal(t, map[string]any{"fraction": 0.5, "label": "half", "updated_at": "2026-05-01T08:00:00.123456Z"}, run["progress"])
	require.Equal(t, map[string]any{"path": "p", "size": 7., "download_only": false}, run["log"])
	require.Equal(t, map[string]any{"state": "ended", "ref": "ref", "url": "http://x", "seen_at": "2026-05-01T08:00:00.123456Z", "reported": "completed", "worker": ""}, run["work"])
	item, err := json.Marshal(runItemOf(r, nil))
	require.NoError(t, err)
	require.Contains(t, string(item), `"failure":{"kind":"error","message":"m"}`)
}

func TestWhoSeesWhichRuns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Running, DatasetID: "d1", CreatedBy: sb.Who{ID: "ann"}})
	b.put(sb.Run{ID: "r2", Status: sb.Running, DatasetID: "d1", CreatedBy: sb.Who{ID: "root"}})
	for name, row := range map[string]struct {
		who, query string
		want       int
	}{
		"an admin gets all":                       {"root", "", 2},
		"an admin asks for his":                   {"root", "?mine=true", 1},
		"an admin asks for someone's":             {"root", "?user=ann", 1},
		"a member without a dataset gets his":     {"ann", "", 1},
		"a member asks for another's without one": {"ann", "?user=root", 0},
		"a member gets all of a dataset":          {"ann", "?dataset=d1", 2},
		"a member asks for another's there":       {"ann", "?dataset=d1&user=root", 1},
		"several statuses":                        {"root", "?status=running&status=failed&sort=oldest&match=uri&search=x&pinned=false", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(row.who, "GET", "/api/v1/runs"+row.query, "")
			require.Equal(t, 200, got.StatusCode, got.body)
			require.Len(t, got.json(t)["items"], row.want)
		})
	}
}

func TestActionsOnARun(t *testing.T) {
	t.Parallel()
	marked := sb.Run{Status: sb.Failed, Failure: &sb.Failure{Kind: sb.FailMarked}, Work: sb.Work{State: sb.WorkActive}}
	for name, row := range map[string]struct {
		run    sb.Run
		who    string
		call   string
		status int
		holds  string
	}{
		"stop one that runs":                    {sb.Run{Status: sb.Running, Work: sb.Work{State: sb.WorkActive}}, "ann", "POST stop", 200, `"kind":"stopped"`},
		"stop the work of a marked one":         {marked, "ann", "POST stop", 202, `"kind":"marked"`},
		"stop one that is over":                 {sb.Run{Status: sb.Completed}, "ann", "POST stop", 409, `"code":"conflict"`},
		"mark one that runs":                    {sb.Run{Status: sb.Running}, "ann", "POST fail", 200, `"kind":"marked"`},
		"mark another's":                        {sb.Run{Status: sb.Running, CreatedBy: sb.Who{ID: "root"}, DatasetID: "d1"}, "ann", "POST fail", 403, `"code":"forbidden"`},
		"release by a member":                   {marked, "ann", "POST release", 403, ""},
		"release by an admin":                   {marked, "root", "POST release", 200, ""},
		"ask why it waits":                      {sb.Run{Status: sb.Scheduled}, "ann", "GET wait", 200, `"position":3,"ahead":2,"holds":"quota"`},
		"a large result comes from where it is": {sb.Run{Status: sb.Completed, ResultKey: "results/r1"}, "ann", "GET ", 200, `"result":{"large":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			row.run.ID = "r1"
			if row.run.CreatedBy.ID == "" {
				row.run.CreatedBy = sb.Who{ID: "ann", Name: "ann"}
			}
			b.put(row.run)
			method, verb, _ := strings.Cut(row.call, " ")
			got := b.do(row.who, method, strings.TrimSuffix("/api/v1/runs/r1/"+verb, "/"), "")
			require.Equal(t, row.status, got.StatusCode, got.body)
			require.Contains(t, got.body, row.holds)
		})
	}
}

func TestRerunRenameAndPin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	b.do("ann", "POST", "/api/v1/runs", `{"operator":"@acme/tools/hello","dataset":"d1","params":{"a":1}}`)
	again := b.do("ann", "POST", "/api/v1/runs/r1/rerun", "")
	require.Equal(t, 202, again.StatusCode, again.body)
	require.Equal(t, "r1", again.json(t)["rerun_of"])
	require.Contains(t, again.body, `"params":{"a":1}`)
	edited := b.do("ann", "POST", "/api/v1/runs/r1/rerun", `{"params":{"a":2}}`)
	require.Contains(t, edited.body, `"params":{"a":2}`)
	patched := b.do("ann", "PATCH", "/api/v1/runs/r1", `{"label":"mine","pinned":true}`)
	require.Equal(t, 200, patched.StatusCode, patched.body)
	require.Equal(t, "mine", patched.json(t)["label"])
	require.Equal(t, true, patched.json(t)["pinned"])
}

func TestBulk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}})
	b.put(sb.Run{ID: "r2", Status: sb.Completed, CreatedBy: sb.Who{ID: "ann"}})
	ask := func(body string) []any {
		got := b.do("ann", "POST", "/api/v1/runs/bulk", body)
		require.Equal(t, 200, got.StatusCode, got.body)
		return got.json(t)["items"].([]any)
	}
	want := []any{
		map[string]any{"id": "r1", "ok": true, "new_id": nil},
		map[string]any{"id": "r2", "ok": false, "new_id": nil, "code": "conflict", "detail": "run r2 is already completed"},
		map[string]any{"id": "r9", "ok": false, "new_id": nil, "code": "not_found", "detail": "this run does not exist, or you have no access to it"},
	}
	require.Equal(t, want, ask(`{"action":"fail","ids":["r1","r2","r9"],"dry_run":true}`))
	require.Equal(t, sb.Running, b.runs["r1"].Status)
	require.Equal(t, want, ask(`{"action":"fail","ids":["r1","r2","r9"]}`))
	require.Equal(t, sb.Failed, b.runs["r1"].Status)
	require.Len(t, ask(`{"action":"pin","filter":{"mine":true}}`), 2)
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}})
	b.events = []sb.Event{
		{Seq: 4, RunID: "r1", At: day, Kind: sb.EventScheduled, Actor: sb.Who{ID: "ann", Name: "ann"}},
		{Seq: 7, RunID: "r1", At: day, Kind: sb.EventQueued, Attempt: 1, Message: "It has a slot."},
	}
	first := b.do("ann", "GET", "/api/v1/runs/r1/events?limit=1", "").json(t)
	require.Equal(t, "4", first["next_cursor"])
	second := b.do("ann", "GET", "/api/v1/runs/r1/events?limit=2&cursor=4", "").json(t)
	require.Nil(t, second["next_cursor"])
	require.Equal(t, []any{map[string]any{"seq": 7., "at": "2026-05-01T08:00:00.123456Z", "kind": "queued", "attempt": 1., "actor": nil, "message": "It has a slot."}}, second["items"])
}
