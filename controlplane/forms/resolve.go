package forms

import (
	"context"
	"io"

	sb "signalbox"
)

// Question waits for a question to a pool until ctx is done; nil when there was none. A worker that gives its name, and is
// asked for no form, is asked what it makes of a plugin that is new.
func (s *Forms) Question(ctx context.Context, orchestratorID, pool, worker string) (*sb.FormQuestion, error) {
	rings, stop := s.bells.listen(sb.Note{Topic: sb.TopicForm, ID: orchestratorID + "/" + pool})
	defer stop()
	plugins, hush := s.bells.listen(anyPlugin)
	defer hush()
	for meet := worker != ""; ; {
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
		if meet {
			if question, err := s.meeting(ctx, orchestratorID, pool, worker); ctx.Err() == nil && (err != nil || question != nil) {
				return question, err
			}
		}
		select {
		case <-rings:
			meet = false
		case <-plugins:
			meet = worker != ""
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
		ID: q.ID, WithinSeconds: sb.FormPatience.Seconds(), Operator: q.Operator, Params: q.Params, View: q.View,
		Plugin: claimOf(f.Plugin.Name, revision),
	}
	if out.Secrets, err = s.secrets(ctx, revision); err != nil {
		return nil, err
	}
	out.FiftyOne.Request = q.Request
	if f.Dataset != nil {
		out.Dataset = &sb.ClaimDataset{ID: f.Dataset.ID, Name: f.Dataset.Name}
		err = s.reach(ctx, *f.Dataset, q, &out.FiftyOne)
	}
	return out, err
}

// secrets are those that the manifest of a revision names.
func (s *Forms) secrets(ctx context.Context, r sb.Revision) (map[string]string, error) {
	if len(r.Manifest.Secrets) == 0 {
		return map[string]string{}, nil
	}
	return s.given.Values(ctx, r.Manifest.Secrets)
}

// claimOf is a revision as those who fetch it know it.
func claimOf(plugin string, r sb.Revision) sb.ClaimPlugin {
	return sb.ClaimPlugin{Name: plugin, Revision: r.Number, SHA256: r.SHA256, Root: r.Root}
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
