package api

import (
	"context"

	sb "signalbox"
)

// Explanation is a decision with its grounds.
type Explanation struct {
	Allowed bool      `json:"allowed"`
	Reason  string    `json:"reason"`
	Steps   []sb.Step `json:"steps" doc:"What was looked at, in order."`
}

// question is an action that explanations are asked about.
type question struct {
	action  sb.Action
	dataset bool // it must name one
}

// questions are the actions by the names that clients use.
var questions = map[string]question{
	"administer": {sb.ActAdminister, false}, "create_dataset": {sb.ActCreateDataset, false}, "use_api_keys": {sb.ActUseKeys, false},
	"schedule": {sb.ActSchedule, false}, "see_all_runs": {sb.ActSeeRuns, false},
	"clone": {sb.ActClone, true}, "view": {sb.ActViewDataset, true}, "export": {sb.ActExport, true}, "tag": {sb.ActTag, true},
	"edit": {sb.ActEdit, true}, "manage": {sb.ActManageDataset, true}, "prioritise": {sb.ActPrioritise, true},
	"pin_runs": {sb.ActPinRuns, true}, "rename_runs": {sb.ActRenameRuns, true}, "end_runs": {sb.ActEndRuns, true},
}

type explain struct {
	sharing Sharing
	facts   Facts
	access  Access
}

func (s *server) explainRoutes() {
	h := explain{s.Sharing, s.Facts, s.Access}
	on(s, route{method: post, path: "/access/explain", what: "May someone do something, and why? About others only for admins", door: forPeople}, h.explain)
}

type explainInput struct {
	Body struct {
		Principal string `json:"principal,omitempty" maxLength:"600" doc:"Id or email of a user, id or name of a service account; by default, or as me, oneself."`
		Action    string `json:"action" enum:"administer,create_dataset,clone,view,export,tag,edit,manage,schedule,prioritise,see_all_runs,pin_runs,rename_runs,end_runs,use_api_keys"`
		Operator  string `json:"operator,omitempty" maxLength:"600" doc:"URI; for schedule."`
		Dataset   string `json:"dataset,omitempty" maxLength:"600" doc:"Id or name."`
	}
}

func (h explain) explain(ctx context.Context, in *explainInput) (*answer[Explanation], error) {
	q, err := checkQuestion(in)
	if err != nil {
		return nil, err
	}
	who, err := h.principal(ctx, in.Body.Principal)
	if err != nil {
		return nil, err
	}
	f, err := h.facts.Facts(ctx, sb.Ask{PrincipalID: who, Dataset: in.Body.Dataset, Operator: in.Body.Operator})
	if err != nil {
		return nil, err
	}
	if err := h.mayKnow(ctx, f, in); err != nil {
		return nil, err
	}
	said := h.access.Explain(f, q.action)
	return answerOf(Explanation{Allowed: said.Allowed, Reason: said.Reason, Steps: some(said.Steps)}), nil
}

// checkQuestion lists what the action needs and is not there.
func checkQuestion(in *explainInput) (question, error) {
	q := questions[in.Body.Action]
	var faults []sb.Fault
	if q.dataset && in.Body.Dataset == "" {
		faults = append(faults, sb.Fault{Location: "body.dataset", Message: "say on which dataset"})
	}
	if q.action == sb.ActSchedule && in.Body.Operator == "" {
		faults = append(faults, sb.Fault{Location: "body.operator", Message: "say which operator, by its URI"})
	}
	if len(faults) > 0 {
		return q, sb.Faulty(faultyDetail, faults...)
	}
	return q, nil
}

// principal finds who is meant. Only admins may ask about others.
func (h explain) principal(ctx context.Context, who string) (string, error) {
	c := callerOf(ctx)
	switch who {
	case "", "me", c.ID:
		return c.ID, nil
	}
	if err := h.access.Check(c.facts(), sb.ActAdminister); err != nil {
		return "", err
	}
	p, err := h.sharing.Principal(ctx, who)
	return p.ID, err
}

// mayKnow keeps who may not see the dataset from learning that there is one: it is then not there, as for admins one
// that is not.
func (h explain) mayKnow(ctx context.Context, f sb.Facts, in *explainInput) error {
	switch {
	case in.Body.Dataset == "":
	case f.Dataset == nil, callerOf(ctx).Role != sb.Admin:
		if err := h.access.Check(f, sb.ActViewDataset); err != nil {
			return err
		}
	}
	if in.Body.Operator != "" && f.Operator == nil {
		return sb.Errorf(sb.NotFound, "this operator does not exist")
	}
	return nil
}
