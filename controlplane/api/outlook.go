package api

import (
	"context"

	sb "signalbox"
)

// Outlook is where a run of an operator could go, and what it would wait for there if it was scheduled now.
type Outlook struct {
	Places []OutlookAt `json:"places" doc:"Orchestrators with a route for it, disabled ones too. The first enabled one is taken unless the run names another."`
}

// OutlookAt is the outlook at one orchestrator.
type OutlookAt struct {
	Orchestrator Who     `json:"orchestrator"`
	Kind         string  `json:"kind"`
	Enabled      bool    `json:"enabled"`
	Waiting      Waiting `json:"waiting" doc:"As of a run that was scheduled now; since is null."`
}

type outlookInput struct {
	URI     string `path:"uri" maxLength:"600" doc:"The operator's URI, as one segment."`
	Dataset string `query:"dataset" maxLength:"600" doc:"Id or name."`
}

// outlook is for whoever may schedule the operator there.
func (h operators) outlook(ctx context.Context, in *outlookInput) (*answer[Outlook], error) {
	f, err := h.facts.Facts(ctx, sb.Ask{PrincipalID: callerOf(ctx).ID, Dataset: in.Dataset, Operator: in.URI})
	if err != nil {
		return nil, err
	}
	action := sb.ActSchedule
	if in.Dataset != "" && f.Dataset == nil {
		action = sb.ActViewDataset // which is refused as if it was not there
	}
	if err := h.access.Check(f, action); err != nil {
		return nil, err
	}
	all, err := h.orchestrators.Orchestrators(ctx)
	if err != nil {
		return nil, err
	}
	out := Outlook{Places: []OutlookAt{}}
	for _, o := range all {
		route, fits := o.Route(in.URI)
		if !fits {
			continue
		}
		w, err := h.queue.Outlook(ctx, in.URI, o, route.Target)
		if err != nil {
			return nil, err
		}
		out.Places = append(out.Places, OutlookAt{Orchestrator: Who{ID: o.ID, Name: o.Name}, Kind: string(o.Kind), Enabled: o.Enabled, Waiting: waitingOf(w)})
	}
	return answerOf(out), nil
}
