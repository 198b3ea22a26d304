package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// questionRow is a row of questions.
type questionRow struct {
	bun.BaseModel  `bun:"table:questions"`
	ID             string
	OrchestratorID string
	Pool           string
	PrincipalID    string
	Operator       string
	RevisionID     string
	DatasetID      string
	Params         string
	Sum            string
	View           string
	Request        string
	Answer         string
	AskedAt        int64
	TakenAt        int64
	AnsweredAt     int64
}

func toQuestionRow(q sb.Question) *questionRow {
	return &questionRow{
		ID: orNewID(q.ID), OrchestratorID: q.OrchestratorID, Pool: q.Pool, PrincipalID: q.PrincipalID, Operator: q.Operator,
		RevisionID: q.RevisionID, DatasetID: q.DatasetID, Params: string(q.Params), Sum: sb.SumOfAsked(q.Params, q.View, q.Request),
		View: string(q.View), Request: string(q.Request),
	}
}

func (row questionRow) question() sb.Question {
	return sb.Question{
		ID: row.ID, OrchestratorID: row.OrchestratorID, Pool: row.Pool, PrincipalID: row.PrincipalID, Operator: row.Operator,
		RevisionID: row.RevisionID, DatasetID: row.DatasetID, Params: rawOf(row.Params), View: rawOf(row.View), Request: rawOf(row.Request),
	}
}

func rawOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// note wakes the resolvers of a question's pool.
func (row questionRow) note() sb.Note {
	return sb.Note{Topic: sb.TopicForm, ID: row.OrchestratorID + "/" + row.Pool}
}

// AskForm keeps a question, and forgets what its principal asked the same operator before. RateLimited: too many are open.
func (s *Store) AskForm(ctx context.Context, q sb.Question) (string, error) {
	row := toQuestionRow(q)
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		waited := t.now - sb.FormPatience.Microseconds()
		if _, err := t.exec(ctx, "DELETE FROM questions WHERE principal_id = ? AND operator = ? AND answered_at > 0 AND asked_at < ?",
			row.PrincipalID, row.Operator, waited); err != nil {
			return err
		}
		var open struct{ Everyones, Own int }
		err := t.NewRaw("SELECT count(*) AS everyones, coalesce(sum(CASE WHEN principal_id = ? THEN 1 ELSE 0 END), 0) AS own FROM questions WHERE answered_at = 0 AND asked_at > ?",
			row.PrincipalID, waited).Scan(ctx, &open)
		if err != nil {
			return err
		}
		if open.Own >= sb.MaxOwnQuestions || open.Everyones >= sb.MaxQuestions {
			return sb.Errorf(sb.RateLimited, "too many forms are asked for at once; try again in a moment")
		}
		row.AskedAt = t.now
		t.note(row.note())
		return insert(ctx, t, row)
	})
	return row.ID, err
}

// AskMeeting keeps a question, taken already, about what a worker of a pool makes of a revision. Conflict: one is asked that.
func (s *Store) AskMeeting(ctx context.Context, orchestratorID, pool, revisionID string) (string, error) {
	row := toQuestionRow(sb.Question{OrchestratorID: orchestratorID, Pool: pool, RevisionID: revisionID})
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "revisions", "id", revisionID); err != nil { // many workers wake at once
			return err
		}
		var asked []int
		err := t.NewRaw("SELECT 1 FROM questions WHERE revision_id = ? AND orchestrator_id = ? AND pool = ? AND operator = '' AND asked_at > ?",
			revisionID, orchestratorID, pool, t.now-sb.MeetKept.Microseconds()).Scan(ctx, &asked)
		if err != nil {
			return err
		}
		if len(asked) > 0 {
			return sb.Errorf(sb.Conflict, "revision %s is being met already", revisionID)
		}
		row.AskedAt, row.TakenAt = t.now, t.now
		return insert(ctx, t, row)
	})
	return row.ID, err
}

// AskAgain hands a question without an answer to another resolver.
func (s *Store) AskAgain(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		var rows []questionRow
		err := t.NewRaw("UPDATE questions SET taken_at = 0 WHERE id = ? AND answered_at = 0 RETURNING *", id).Scan(ctx, &rows)
		for _, row := range rows {
			t.note(row.note())
		}
		return err
	})
}

// waiting are the questions to a pool that nobody has taken and somebody waits for.
const waiting = " FROM questions WHERE orchestrator_id = ? AND pool = ? AND taken_at = 0 AND answered_at = 0 AND asked_at > ? - ? ORDER BY asked_at, id LIMIT 1"

// TakeQuestion gives the oldest question to a pool to one resolver. NotFound: there is none.
func (s *Store) TakeQuestion(ctx context.Context, orchestratorID, pool string) (sb.Question, error) {
	for {
		var some []int
		err := s.read.NewRaw("SELECT 1"+waiting, orchestratorID, pool, s.nowSQL(), sb.FormPatience.Microseconds()).Scan(ctx, &some)
		if _, err = one(some, err, "a question to pool", pool); err != nil {
			return sb.Question{}, tidy(err)
		}
		rows, err := s.takeQuestion(ctx, orchestratorID, pool)
		if err != nil || len(rows) > 0 {
			row, err := one(rows, err, "a question to pool", pool)
			return row.question(), err
		} // another was faster; there may be more
	}
}

func (s *Store) takeQuestion(ctx context.Context, orchestratorID, pool string) (rows []questionRow, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		rows = nil
		return t.NewRaw("UPDATE questions SET taken_at = ? WHERE id = (SELECT id"+waiting+t.free()+") RETURNING *",
			t.now, orchestratorID, pool, t.now, sb.FormPatience.Microseconds()).Scan(ctx, &rows)
	})
	return rows, err
}

// OpenQuestion reads a question to the pools of an orchestrator, while it is kept. NotFound.
func (s *Store) OpenQuestion(ctx context.Context, orchestratorID, id string) (sb.Question, error) {
	var rows []questionRow
	err := s.read.NewRaw("SELECT * FROM questions WHERE id = ? AND orchestrator_id = ? AND asked_at > ? - "+keptFor,
		id, orchestratorID, s.nowSQL(), sb.MeetKept.Microseconds(), sb.FormKept.Microseconds()).Scan(ctx, &rows)
	row, err := one(rows, err, "question", id)
	return row.question(), tidy(err)
}

// AnswerQuestion keeps the form that a question of a pool asked for. NotFound: there is no such question there; Conflict: it was answered.
func (s *Store) AnswerQuestion(ctx context.Context, orchestratorID, pool, id string, f sb.Form) error {
	text, err := json.Marshal(f)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the form cannot be kept")
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "UPDATE questions SET answer = ?, answered_at = ? WHERE id = ? AND orchestrator_id = ? AND pool = ? AND answered_at = 0 AND operator <> ''",
			string(text), t.now, id, orchestratorID, pool)
		if err != nil || n > 0 {
			t.note(sb.Note{Topic: sb.TopicAnswer, ID: id})
			return err
		}
		var rows []questionRow
		err = t.NewRaw("SELECT * FROM questions WHERE id = ? AND orchestrator_id = ? AND pool = ? AND answered_at > 0", id, orchestratorID, pool).Scan(ctx, &rows)
		if _, err = one(rows, err, "question", id); err != nil {
			return err
		}
		return sb.Errorf(sb.Conflict, "question %s was answered already", id)
	})
}

// AnswerOf reads the answer to a question; nil while there is none. taken: a resolver has the question. NotFound.
func (s *Store) AnswerOf(ctx context.Context, id string) (f *sb.Form, taken bool, err error) {
	var rows []questionRow
	err = s.read.NewRaw("SELECT * FROM questions WHERE id = ?", id).Scan(ctx, &rows)
	row, err := one(rows, err, "question", id)
	if err != nil || row.AnsweredAt == 0 {
		return nil, row.TakenAt > 0, tidy(err)
	}
	a, err := row.answered()
	return &a.Form, true, err
}

func (row questionRow) answered() (sb.Answered, error) {
	a := sb.Answered{RevisionID: row.RevisionID, DatasetID: row.DatasetID}
	if err := json.Unmarshal([]byte(row.Answer), &a.Form); err != nil {
		return a, sb.Wrap(err, sb.Internal, "the answer to question %s cannot be read", row.ID)
	}
	return a, nil
}

// FormSeen reads the latest form that somebody was given for the same params, view and request, within the last minute. NotFound.
func (s *Store) FormSeen(ctx context.Context, principalID, operator string, params, view, request json.RawMessage) (sb.Answered, error) {
	var rows []questionRow
	err := s.read.NewRaw("SELECT * FROM questions WHERE principal_id = ? AND operator = ? AND answered_at > 0 AND sum = ? AND asked_at > ? - ? ORDER BY asked_at DESC LIMIT 1",
		principalID, operator, sb.SumOfAsked(params, view, request), s.nowSQL(), sb.FormKept.Microseconds()).Scan(ctx, &rows)
	row, err := one(rows, err, "a form of", operator)
	if err != nil {
		return sb.Answered{}, tidy(err)
	}
	return row.answered()
}

// DropQuestion forgets a question that nobody waits for.
func (s *Store) DropQuestion(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM questions WHERE id = ?", id)
		return err
	})
}

// keptFor is how long a question is kept: of an operator, or of a plugin.
const keptFor = "CASE WHEN operator = '' THEN ? ELSE ? END"

// ForgetQuestions forgets forms that were asked for more than a minute ago, and questions about plugins, which are kept for longer.
func (s *Store) ForgetQuestions(ctx context.Context) error {
	const old = " FROM questions WHERE asked_at <= ? - " + keptFor
	kept := []any{sb.MeetKept.Microseconds(), sb.FormKept.Microseconds()}
	var some []int
	err := s.read.NewRaw("SELECT 1"+old+" LIMIT 1", append([]any{s.nowSQL()}, kept...)...).Scan(ctx, &some)
	if err != nil || len(some) == 0 {
		return tidy(err)
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "DELETE"+old, append([]any{t.now}, kept...)...)
		return err
	})
}
