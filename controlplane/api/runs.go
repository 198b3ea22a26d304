package api

import (
	"context"
	"encoding/json"
	"net/http"

	sb "signalbox"
)

type runs struct {
	life          Runs
	queue         Queue
	facts         Facts
	access        Access
	orchestrators Orchestrators
}

// Once are the parameters of what must not happen twice.
type Once struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"The same key and body within 24 h answer the same run; another body is a conflict."`
}

type scheduleBody struct {
	Operator     string          `json:"operator" minLength:"1" maxLength:"600" doc:"URI"`
	Dataset      string          `json:"dataset,omitempty" nullable:"true" maxLength:"600" doc:"Id or name; also of one that was removed."`
	Params       object          `json:"params,omitempty" doc:"By default an empty object."`
	View         json.RawMessage `json:"view,omitempty" doc:"By default the whole dataset."`
	Selection    *sb.Selection   `json:"selection,omitempty" doc:"What is selected in the view, for operators of FiftyOne on a dataset of a source: ctx.selected and ctx.selected_labels. By default nothing."`
	Orchestrator string          `json:"orchestrator,omitempty" nullable:"true" maxLength:"600" doc:"Id or name; by default the first with a route for the operator."`
	Label        string          `json:"label,omitempty" nullable:"true" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f-\\x9f]*$" patternDescription:"text without control characters"`
	Priority     int             `json:"priority,omitempty" minimum:"-10" maximum:"10" doc:"Above 0 needs the right to manage the dataset."`
}

type scheduleInput struct {
	Once
	Body scheduleBody
}

func (h runs) schedule(ctx context.Context, in *scheduleInput) (*placed[Run], error) {
	b := in.Body
	run, err := h.life.Schedule(ctx, callerOf(ctx).Principal, sb.Draft{
		Operator: b.Operator, Dataset: b.Dataset, Params: json.RawMessage(b.Params), View: given(b.View), Selection: b.Selection, Orchestrator: b.Orchestrator,
		Label: b.Label, Priority: b.Priority, IdempotencyKey: in.IdempotencyKey,
	})
	if err != nil {
		return nil, err
	}
	return h.placed(ctx, run)
}

func (h runs) placed(ctx context.Context, run sb.Run) (*placed[Run], error) {
	tellRun(ctx, run.ID)
	out, err := h.out(ctx, run)
	return &placed[Run]{Location: base + "/runs/" + run.ID, Body: out}, err
}

// out shows a run with its place in the queue, and with its result from wherever it lies.
func (h runs) out(ctx context.Context, run sb.Run) (Run, error) {
	positions, err := h.positions(ctx, run)
	if err != nil {
		return Run{}, err
	}
	if run.ResultKey != "" {
		if run.Result, err = h.life.Result(ctx, run); err != nil {
			return Run{}, err
		}
	}
	return runOut(run, positions), nil
}

// positions asks for the places of those runs that wait, if any.
func (h runs) positions(ctx context.Context, all ...sb.Run) (map[string]int64, error) {
	for _, r := range all {
		if r.Status == sb.Scheduled {
			return h.queue.Positions(ctx, all)
		}
	}
	return nil, nil
}

// RunFilter says which runs are meant. In a body and in a query it is the same.
type RunFilter struct {
	Dataset      string      `query:"dataset" json:"dataset,omitempty" maxLength:"600" doc:"Id or name. Without it, who is no admin gets his own runs."`
	Mine         bool        `query:"mine" json:"mine,omitempty"`
	User         string      `query:"user" json:"user,omitempty" maxLength:"200" doc:"Id of the submitter."`
	Status       []sb.Status `query:"status,explode" json:"status,omitempty" enum:"scheduled,queued,running,completed,failed"`
	Operator     string      `query:"operator" json:"operator,omitempty" maxLength:"600" doc:"URI"`
	Orchestrator string      `query:"orchestrator" json:"orchestrator,omitempty" maxLength:"600" doc:"Id or name."`
	Search       string      `query:"search" json:"search,omitempty" maxLength:"200" doc:"In operator URI, label, submitter's name and id, whatever the case."`
	Match        string      `query:"match" json:"match,omitempty" enum:"uri,all" doc:"uri: search only in the operator's URI, and mind the case."`
}

type listInput struct {
	RunFilter
	Paging
	Pinned Optional[bool] `query:"pinned"`
	Sort   sb.RunSort     `query:"sort" enum:"scheduled,updated,oldest,operator" default:"scheduled"`
}

func (h runs) list(ctx context.Context, in *listInput) (*answer[List[RunItem]], error) {
	q := sb.RunQuery{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit}
	if in.Pinned.Given {
		q.Pinned = &in.Pinned.Value
	}
	page, err := h.page(ctx, q, in.RunFilter)
	if err != nil {
		return nil, err
	}
	positions, err := h.positions(ctx, page.Items...)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(r sb.Run) RunItem { return runItemOf(r, positions) }), nil
}

// page reads the runs that fit. Of an operator, a person or an orchestrator that does not exist there are none.
func (h runs) page(ctx context.Context, q sb.RunQuery, f RunFilter) (sb.Page[sb.Run], error) {
	some, err := h.narrow(ctx, &q, f)
	if err != nil || !some {
		return sb.Page[sb.Run]{}, err
	}
	return h.life.Runs(ctx, callerOf(ctx).Principal, q)
}

// narrow adds a filter to a question, names become ids, and tells whether anything can fit it. Whoever is no admin and
// names no dataset gets his own. Errors: NotFound, for the Runs page of a dataset that may not be seen.
func (h runs) narrow(ctx context.Context, q *sb.RunQuery, f RunFilter) (some bool, err error) {
	c := callerOf(ctx)
	q.Viewer, q.UserID, q.Statuses, q.Operator = h.access.Viewer(c.Principal, c.Settings), f.User, f.Status, f.Operator
	q.Search, q.MatchURI = f.Search, f.Match == "uri"
	if f.Mine || f.Dataset == "" && c.Role != sb.Admin {
		q.UserID = c.ID
	}
	if f.Dataset != "" {
		facts, err := h.facts.Facts(ctx, sb.Ask{PrincipalID: c.ID, Dataset: f.Dataset})
		if err == nil {
			err = h.access.Check(facts, sb.ActViewDataset)
		}
		if err != nil {
			return false, err
		}
		q.DatasetID = facts.Dataset.ID
	}
	if f.Orchestrator != "" {
		id, err := h.orchestrators.OrchestratorID(ctx, f.Orchestrator)
		if sb.CodeOf(err) == sb.NotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		q.OrchestratorID = id
	}
	return f.User == "" || f.User == q.UserID, nil
}

func (h runs) show(ctx context.Context, in *ByID) (*answer[Run], error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	return h.answer(ctx, run, err)
}

func (h runs) answer(ctx context.Context, run sb.Run, err error) (*answer[Run], error) {
	if err != nil {
		return nil, err
	}
	out, err := h.out(ctx, run)
	return answerOf(out), err
}

type runPatch struct {
	ByID
	Body struct {
		Label  *string `json:"label,omitempty" maxLength:"200"`
		Pinned *bool   `json:"pinned,omitempty"`
	}
}

func (h runs) patch(ctx context.Context, in *runPatch) (*answer[Run], error) {
	run, err := h.life.Patch(ctx, callerOf(ctx).Principal, in.ID, in.Body.Label, in.Body.Pinned)
	return h.answer(ctx, run, err)
}

type rerunBody struct {
	Params object `json:"params,omitempty" doc:"Other params; by default the old ones."`
}

type rerunInput struct {
	ByID
	Once
	Body *rerunBody
}

func (h runs) rerun(ctx context.Context, in *rerunInput) (*placed[Run], error) {
	var params json.RawMessage
	if in.Body != nil {
		params = json.RawMessage(in.Body.Params)
	}
	run, err := h.life.Rerun(ctx, callerOf(ctx).Principal, in.ID, params, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return h.placed(ctx, run)
}

func (h runs) fail(ctx context.Context, in *ByID) (*answer[Run], error) {
	run, err := h.life.Mark(ctx, callerOf(ctx).Principal, in.ID)
	return h.answer(ctx, run, err)
}

// stop answers 202 when the run was over already and only its work is asked to end.
func (h runs) stop(ctx context.Context, in *ByID) (*decided[Run], error) {
	run, err := h.life.Stop(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if run.Failure != nil && run.Failure.Kind != sb.FailStopped && run.WorkGoesOn() {
		status = http.StatusAccepted
	}
	out, err := h.out(ctx, run)
	return &decided[Run]{Status: status, Body: out}, err
}

func (h runs) release(ctx context.Context, in *ByID) (*answer[Run], error) {
	run, err := h.life.Release(ctx, callerOf(ctx).Principal, in.ID)
	return h.answer(ctx, run, err)
}
