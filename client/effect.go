package client

import (
	"context"
	"net/http"
	"net/url"

	sb "signalbox"
)

// Effect is what a change would do: to permissions, and to runs that wait.
type Effect struct {
	Document
	Gain     []Difference  `json:"gain"`
	Lose     []Difference  `json:"lose"`
	Rejected []RejectedRun `json:"rejected_runs"`
	More     bool          `json:"more"` // there is more than these lists hold
}

// UnmarshalJSON reads an effect and keeps its text.
func (e *Effect) UnmarshalJSON(b []byte) error {
	type plain Effect
	return keep(b, (*plain)(e), &e.JSON)
}

// Difference is a permission that would rise or fall.
type Difference struct {
	Principal Who           `json:"principal"`
	Dataset   *Who          `json:"dataset"`  // nil for the right to run an operator
	Operator  *string       `json:"operator"` // nil for a permission on a dataset
	Before    sb.Permission `json:"before"`
	After     sb.Permission `json:"after"`
}

// RejectedRun is a Scheduled run that would be rejected.
type RejectedRun struct {
	ID        string `json:"id"`
	Operator  string `json:"operator"`
	Dataset   *Who   `json:"dataset"`
	CreatedBy Who    `json:"created_by"`
	Reason    string `json:"reason"`
}

type foretelling struct{}

// Foretell makes a context in which changes are not made: the server tells what they would do, which is read into the
// effect. It takes what the server takes with dry_run: grants, default access, roles, memberships, operators' rights and
// the removal of principals and groups; any other change is Invalid. Such a call's own answer is empty.
func Foretell(ctx context.Context) (context.Context, *Effect) {
	e := &Effect{}
	return context.WithValue(ctx, foretelling{}, e), e
}

// foretold gives the effect that the answer of a request is read into; nil for what is really done.
func foretold(ctx context.Context, r request) *Effect {
	if r.method == http.MethodGet {
		return nil
	}
	e, _ := ctx.Value(foretelling{}).(*Effect)
	return e
}

func (r request) asDryRun() request {
	q := url.Values{"dry_run": {"true"}}
	for name, values := range r.query {
		q[name] = values
	}
	r.query = q
	return r
}
