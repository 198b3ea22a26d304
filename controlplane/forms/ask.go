package forms

import (
	"context"
	"errors"
	"time"

	sb "signalbox"
)

// lookAgain is how often an answer is looked for without a note: those may be lost.
const lookAgain = 500 * time.Millisecond

// keptForm is the most bytes of an answer that is kept after it was read, for a run that may be scheduled with it.
const keptForm = 64 << 10

// ofResolver is the form as a resolver of the pool makes it that would run the operator.
func (s *Forms) ofResolver(ctx context.Context, f sb.Facts, ask sb.FormAsk) (sb.Form, error) {
	all, err := s.store.Orchestrators(ctx)
	if err != nil {
		return sb.Form{}, err
	}
	o, route, ok := poolFor(all, ask.Operator)
	if !ok {
		return sb.Form{}, sb.Wrap(sb.ErrNoForm, sb.Unavailable, "the form could not be made: no pool of workers has a route for %s; an admin can add one", ask.Operator)
	}
	q := sb.Question{
		OrchestratorID: o.ID, Pool: route.Target.Pool, PrincipalID: f.Principal.ID, Operator: f.Operator.URI(),
		RevisionID: f.Plugin.Revision.ID, Params: ask.Params, View: ask.View, Request: ask.Selection.Request(),
	}
	if f.Dataset != nil {
		q.DatasetID = f.Dataset.ID
	}
	return s.ask(ctx, q)
}

// poolFor finds the pool whose workers know an operator: that of the first enabled orchestrator of ours with a fitting route. For
// most operators it is where they run by default.
func poolFor(all []sb.Orchestrator, operator string) (sb.Orchestrator, sb.Route, bool) {
	for _, o := range all {
		if route, fits := o.Route(operator); fits && o.Enabled && o.Kind == sb.Builtin {
			return o, route, true
		}
	}
	return sb.Orchestrator{}, sb.Route{}, false
}

// ask asks, and waits for the answer.
func (s *Forms) ask(ctx context.Context, q sb.Question) (sb.Form, error) {
	id, err := s.store.AskForm(ctx, q)
	if err != nil {
		return sb.Form{}, err
	}
	form, taken, err := s.await(ctx, id)
	switch {
	case err == nil && sizeOfForm(form) <= keptForm:
		return *form, nil
	case err == nil:
		s.drop(ctx, id)
		return *form, nil
	case !errors.Is(err, errLate):
		s.drop(ctx, id)
		return sb.Form{}, err
	case taken: // it is kept for its resolver, which may still fetch the plugin
		return sb.Form{}, sb.Wrap(sb.ErrNoForm, sb.Unavailable, "the form could not be made: %s did not answer within %s; ask again, or enter its params as JSON", q.Operator, sb.FormPatience)
	}
	s.drop(ctx, id)
	return sb.Form{}, sb.Wrap(sb.ErrNoForm, sb.Unavailable, "the form could not be made: no worker of pool %s was free for the question within %s; ask again, start one whose SIGNALBOX_PYTHON has FiftyOne, or enter the params as JSON", q.Pool, sb.FormPatience)
}

// errLate says that there was no answer in time.
var errLate = errors.New("there was no answer in time")

// await waits for the answer to a question. taken: a resolver had it.
func (s *Forms) await(ctx context.Context, id string) (form *sb.Form, taken bool, err error) {
	rings, stop := s.bells.listen(sb.Note{Topic: sb.TopicAnswer, ID: id})
	defer stop()
	late, again := s.after(sb.FormPatience), s.after(sb.FormAgain)
	for {
		form, taken, err := s.store.AnswerOf(ctx, id)
		if err != nil || form != nil {
			return form, taken, err
		}
		select {
		case <-rings:
		case <-time.After(lookAgain):
		case <-again:
			if err := s.store.AskAgain(ctx, id); err != nil {
				return nil, taken, err
			}
		case <-late:
			form, taken, err := s.store.AnswerOf(ctx, id)
			if err == nil && form == nil {
				err = errLate
			}
			return form, taken, err
		case <-ctx.Done():
			return nil, taken, sb.Wrap(ctx.Err(), sb.Unavailable, "nobody waits for the form any more")
		}
	}
}

// drop forgets a question. It goes by itself when that fails.
func (s *Forms) drop(ctx context.Context, id string) {
	_ = s.store.DropQuestion(context.WithoutCancel(ctx), id)
}

func sizeOfForm(f *sb.Form) int { return len(f.Inputs) + len(f.Schema) + len(f.Hints) + len(f.Options) }
