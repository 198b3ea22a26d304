package forms

import (
	"context"
	"io"

	sb "signalbox"
)

// Question waits for a question to a pool until ctx is done; nil when there was none. A worker that gives its name, and is
// asked for no form, is asked what it makes of a plugin that is new.
func (s *Forms) Question(ctx context.Context, orchestratorID, pool, worker string) (*sb.FormQuestion, error) {
	waited := []sb.Note{{Topic: sb.TopicForm, ID: orchestratorID + "/" + pool}}
	if worker != "" {
		waited = append(waited, anyPlugin)
	}
	rings, stop := s.bells.listen(waited...)
	defer stop()
	for {
		q, err := s.store.TakeQuestion(ctx, orchestratorID, pool)
		switch {
		case ctx.Err() != nil: // who asks for it here is gone, or has waited long enough; what was taken is asked again
			return nil, nil //nolint:nilnil // there is none
		case err == nil:
			if question, err := s.hand(ctx, q); err != nil || question != nil {
				return question, err
			}
			continue
		case sb.CodeOf(err) != sb.NotFound:
			return nil, err
		}
		if worker != "" {
			if question, err := s.meeting(ctx, orchestratorID, pool); err != nil || question != nil {
				return question, err
			}
		}
		select {
		case <-rings:
		case <-ctx.Done():
		}
	}
}

// hand makes what a resolver gets of a question. nil: it was answered here, for the operator cannot be asked.
func (s *Forms) hand(ctx context.Context, q sb.Question) (*sb.FormQuestion, error) {
	question, err := s.filled(ctx, q)
	switch sb.CodeOf(err) {
	case "":
		return question, nil
	case sb.Invalid, sb.NotFound, sb.Forbidden, sb.Conflict:
		failed := sb.Form{Failure: &sb.FormFailure{Message: sb.MessageOf(err)}}
		return nil, s.store.AnswerQuestion(ctx, q.OrchestratorID, q.Pool, q.ID, failed)
	default: // another may have more luck
		return nil, err
	}
}

// filled is a question with what its operator is given. The right to schedule is demanded once more. No secret is ever kept with a
// question.
func (s *Forms) filled(ctx context.Context, q sb.Question) (*sb.FormQuestion, error) {
	f, err := s.store.Facts(ctx, sb.Ask{PrincipalID: q.PrincipalID, DatasetID: q.DatasetID, Operator: q.Operator})
	if err != nil {
		return nil, err
	}
	if err := s.may(f, q.DatasetID); err != nil {
		return nil, err
	}
	revision, err := s.store.Revision(ctx, q.RevisionID)
	if err != nil {
		return nil, err
	}
	out := &sb.FormQuestion{
		ID: q.ID, WithinSeconds: sb.FormPatience.Seconds(), Operator: q.Operator, Params: q.Params, View: q.View, Secrets: map[string]string{},
		Plugin: claimOf(f.Plugin.Name, revision),
	}
	if keys := revision.Manifest.Secrets; len(keys) > 0 {
		if out.Secrets, err = s.given.Values(ctx, keys); err != nil {
			return nil, err
		}
	}
	out.FiftyOne.Request = q.Request
	if f.Dataset != nil {
		out.Dataset = &sb.ClaimDataset{ID: f.Dataset.ID, Name: f.Dataset.Name}
		err = s.reach(ctx, *f.Dataset, q, &out.FiftyOne)
	}
	return out, err
}

// reach tells how to get at the data of a question's dataset.
func (s *Forms) reach(ctx context.Context, d sb.Dataset, q sb.Question, out *sb.ClaimFiftyOne) error {
	r, err := s.given.ReachFor(ctx, d, q.OrchestratorID, sb.Target{Pool: q.Pool})
	if err != nil || r == nil {
		return err
	}
	out.DatabaseURI, out.DatabaseName, out.DatasetID, out.DatasetName = r.URI, r.Database, r.DatasetID, r.Dataset
	return nil
}

// Answer takes a worker's answer to a question of a pool. Errors: NotFound, Conflict (another resolver was first).
func (s *Forms) Answer(ctx context.Context, orchestratorID, pool, worker string, a sb.FormAnswer) error {
	if a.Environment != nil {
		return s.met(ctx, orchestratorID, pool, worker, a)
	}
	return s.store.AnswerQuestion(ctx, orchestratorID, pool, a.ID, a.Form)
}

// Archive opens the archive of the plugin that a question is about. Errors: NotFound.
func (s *Forms) Archive(ctx context.Context, orchestratorID, question string) (io.ReadCloser, int64, error) {
	q, err := s.store.OpenQuestion(ctx, orchestratorID, question)
	if err != nil {
		return nil, 0, err
	}
	revision, err := s.store.Revision(ctx, q.RevisionID)
	if err != nil {
		return nil, 0, err
	}
	body, err := s.archives.Bytes(ctx, revision)
	return body, revision.Size, err
}
