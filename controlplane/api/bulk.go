package api

import (
	"context"
	"fmt"

	sb "signalbox"
)

// maxBulk is how many runs one call may act on.
const maxBulk = sb.MaxLimit

type bulk struct{ runs runs }

type bulkBody struct {
	Action string     `json:"action" enum:"fail,stop,rerun,release,pin,unpin"`
	IDs    []string   `json:"ids,omitempty" maxItems:"500" doc:"They are acted on one after the other, each on its own: 500 take seconds."`
	Filter *RunFilter `json:"filter,omitempty" doc:"The first 500 that fit, as GET /runs gives them."`
	DryRun bool       `json:"dry_run,omitempty" doc:"Only tell which runs are meant and may be acted on."`
}

type bulkInput struct {
	Once
	Body bulkBody
}

// BulkOutcome is what became of one run.
type BulkOutcome struct {
	ID     string  `json:"id"`
	OK     bool    `json:"ok"`
	NewID  *string `json:"new_id" doc:"Of a rerun."`
	Code   sb.Code `json:"code,omitempty"`
	Detail string  `json:"detail,omitempty"`
}

// BulkAnswer is what became of each run.
type BulkAnswer struct {
	DryRun bool          `json:"dry_run"`
	Items  []BulkOutcome `json:"items"`
}

func (h bulk) do(ctx context.Context, in *bulkInput) (*answer[BulkAnswer], error) {
	ids, err := h.meant(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out := BulkAnswer{DryRun: in.Body.DryRun, Items: make([]BulkOutcome, 0, len(ids))}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out.Items = append(out.Items, h.one(ctx, in, id))
	}
	return answerOf(out), nil
}

func (h bulk) meant(ctx context.Context, b bulkBody) ([]string, error) {
	if (len(b.IDs) == 0) == (b.Filter == nil) {
		return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "body", Message: "name either ids or a filter"})
	}
	if b.Filter == nil {
		return b.IDs, nil
	}
	page, err := h.runs.page(ctx, sb.RunQuery{Sort: sb.SortScheduled, Limit: maxBulk}, *b.Filter)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(page.Items))
	for _, r := range page.Items {
		ids = append(ids, r.ID)
	}
	return ids, nil
}

func (h bulk) one(ctx context.Context, in *bulkInput, id string) BulkOutcome {
	act := h.act
	if in.Body.DryRun {
		act = h.would
	}
	run, err := act(ctx, in, id)
	if err != nil {
		p := problemOf(ctx, err)
		return BulkOutcome{ID: id, Code: p.Code, Detail: p.Detail}
	}
	out := BulkOutcome{ID: id, OK: true}
	if run.ID != id {
		out.NewID = &run.ID
	}
	return out
}

func (h bulk) act(ctx context.Context, in *bulkInput, id string) (sb.Run, error) {
	who, life, yes, no := callerOf(ctx).Principal, h.runs.life, true, false
	switch in.Body.Action {
	case "fail":
		return life.Mark(ctx, who, id)
	case "stop":
		return life.Stop(ctx, who, id)
	case "release":
		return life.Release(ctx, who, id)
	case "pin":
		return life.Patch(ctx, who, id, nil, &yes)
	case "unpin":
		return life.Patch(ctx, who, id, nil, &no)
	}
	key := in.IdempotencyKey
	if key != "" {
		key = fmt.Sprintf("%s/%s", key, id)
	}
	return life.Rerun(ctx, who, id, nil, key)
}

var bulkRights = map[string]sb.Action{
	"fail": sb.ActEndRun, "stop": sb.ActEndRun, "release": sb.ActAdminister, "pin": sb.ActPinRun, "unpin": sb.ActPinRun, "rerun": sb.ActSchedule,
}

// would tells whether the right is there and the run's state allows it, as far as it can be known without doing it.
func (h bulk) would(ctx context.Context, in *bulkInput, id string) (sb.Run, error) {
	f, err := h.runs.facts.Facts(ctx, sb.Ask{PrincipalID: callerOf(ctx).ID, Run: id})
	if err != nil {
		return sb.Run{}, err
	}
	if err := h.runs.access.Check(f, sb.ActSeeRun); err != nil {
		return sb.Run{}, err
	}
	if err := h.runs.access.Check(f, bulkRights[in.Body.Action]); err != nil {
		return sb.Run{}, err
	}
	run := *f.Run
	switch {
	case in.Body.Action == "fail" && run.Status.Terminal():
		return run, sb.Errorf(sb.Conflict, "run %s is already %s", id, run.Status)
	case in.Body.Action == "stop" && !run.Open():
		return run, sb.Errorf(sb.Conflict, "run %s is already over and its work has ended", id)
	}
	return run, nil
}
