package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// environmentsKept is how many environments of an orchestrator are remembered that met a revision.
const environmentsKept = 20

// workersThere is how long a worker is taken to be there after its last word, so that another need not load what it has loaded.
const workersThere = 5 * time.Minute

// environmentRow is a row of environments. Lacks is a JSON object, "" for none.
type environmentRow struct {
	bun.BaseModel  `bun:"table:environments"`
	RevisionID     string
	OrchestratorID string
	Worker         string
	SeenAt         int64
	Lacks          string
	Offer          string
}

func toEnvironmentRow(e sb.Environment) (environmentRow, error) {
	row := environmentRow{RevisionID: e.RevisionID, OrchestratorID: e.Orchestrator.ID, Worker: e.Worker}
	offer, err := json.Marshal(e.Offer)
	if len(offer) > sb.MaxOffer { // who knows the names knows most
		e.Offer.Operators = slices.Clone(e.Offer.Operators)
		for i := range e.Offer.Operators {
			e.Offer.Operators[i].Config = nil
		}
		offer, err = json.Marshal(e.Offer)
	}
	if err != nil {
		return row, err
	}
	row.Offer = string(offer)
	if len(e.Lacks) > 0 {
		lacks, err := json.Marshal(e.Lacks)
		row.Lacks = string(lacks)
		return row, err
	}
	return row, nil
}

func (row environmentRow) environment(orchestrator string) (e sb.Environment, err error) {
	e = sb.Environment{
		RevisionID: row.RevisionID, Orchestrator: sb.Who{ID: row.OrchestratorID, Name: orchestrator}, Worker: row.Worker, SeenAt: timeAt(row.SeenAt),
	}
	e.Lacks, err = row.lacks()
	return e, errors.Join(err, json.Unmarshal([]byte(row.Offer), &e.Offer))
}

func (row environmentRow) lacks() (map[string]string, error) {
	lacks := map[string]string{}
	if row.Lacks == "" {
		return lacks, nil
	}
	return lacks, json.Unmarshal([]byte(row.Lacks), &lacks)
}

// KeepEnvironment keeps what an environment makes of a revision, and forgets those of its orchestrator that were seen least
// lately. Sends TopicPlugin when it is news.
func (s *Store) KeepEnvironment(ctx context.Context, e sb.Environment) error {
	row, err := toEnvironmentRow(e)
	if err != nil {
		return tidy(err)
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		row.SeenAt = t.now
		if err := t.tellOf(ctx, row); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO environments (revision_id, orchestrator_id, worker, seen_at, lacks, offer) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (revision_id, orchestrator_id, worker) DO UPDATE SET seen_at = excluded.seen_at, lacks = excluded.lacks, offer = excluded.offer`,
			row.RevisionID, row.OrchestratorID, row.Worker, row.SeenAt, row.Lacks, row.Offer); err != nil {
			return err
		}
		_, err := t.exec(ctx, `DELETE FROM environments WHERE revision_id = ? AND orchestrator_id = ? AND seen_at < (
			SELECT min(seen_at) FROM (SELECT seen_at FROM environments WHERE revision_id = ? AND orchestrator_id = ? ORDER BY seen_at DESC LIMIT ?) AS kept)`,
			row.RevisionID, row.OrchestratorID, row.RevisionID, row.OrchestratorID, environmentsKept)
		return err
	})
}

// tellOf notes that an environment makes of a revision what it did not make of it before.
func (t *tx) tellOf(ctx context.Context, row environmentRow) error {
	var same []int
	err := t.NewRaw("SELECT 1 FROM environments WHERE revision_id = ? AND orchestrator_id = ? AND worker = ? AND lacks = ? AND offer = ?",
		row.RevisionID, row.OrchestratorID, row.Worker, row.Lacks, row.Offer).Scan(ctx, &same)
	if err != nil || len(same) > 0 {
		return err
	}
	var plugins []string
	err = t.NewRaw("SELECT plugin_id FROM revisions WHERE id = ?", row.RevisionID).Scan(ctx, &plugins)
	for _, id := range plugins {
		t.note(sb.Note{Topic: sb.TopicPlugin, ID: id})
	}
	return err
}

// Unmet reads for a worker of a pool the enabled plugins whose current revision none of the pool has met that is there now, and
// none is asked about. What one lacked it may have by now, after an hour or a change of the plugin.
func (s *Store) Unmet(ctx context.Context, orchestratorID, pool, worker string) ([]sb.Plugin, error) {
	const there = " FROM workers AS w WHERE w.orchestrator_id = ? AND w.pool = ? AND w.seen_at > ? - ?"
	lately := []any{orchestratorID, pool, s.nowSQL(), workersThere.Microseconds()}
	args := append(slices.Clone(lately), worker)
	args = append(append(args, lately...), orchestratorID, s.nowSQL(), sb.MeetAgain.Microseconds())
	args = append(args, orchestratorID, pool, s.nowSQL(), sb.MeetKept.Microseconds())
	list, err := s.plugins(ctx, s.read, `AND p.enabled AND EXISTS (SELECT 1`+there+` AND w.name = ?)
		AND NOT EXISTS (SELECT 1 FROM environments AS e WHERE e.worker IN (SELECT w.name`+there+`)
			AND e.revision_id = p.revision_id AND e.orchestrator_id = ? AND (e.lacks = '' OR e.seen_at > ? - ? AND e.seen_at >= p.updated_at))
		AND NOT EXISTS (SELECT 1 FROM questions AS q
			WHERE q.revision_id = p.revision_id AND q.orchestrator_id = ? AND q.pool = ? AND q.operator = '' AND q.asked_at > ? - ?)`, args...)
	return list, tidy(err)
}

// KnowsEnvironment tells whether the word of an environment is known that lacks nothing, and is of the last day.
func (s *Store) KnowsEnvironment(ctx context.Context, revisionID, orchestratorID, worker string) (bool, error) {
	var found []int
	err := s.read.NewRaw(`SELECT 1 FROM environments WHERE revision_id = ? AND orchestrator_id = ? AND worker = ? AND lacks = '' AND seen_at > ? - ?`,
		revisionID, orchestratorID, worker, s.nowSQL(), sb.EnvironmentAgain.Microseconds()).Scan(ctx, &found)
	return len(found) > 0, tidy(err)
}

// Environments reads where a revision was met, the last first, on orchestrators that there are.
func (s *Store) Environments(ctx context.Context, revisionID string) ([]sb.Environment, error) {
	var rows []struct {
		environmentRow
		Name string
	}
	err := s.read.NewRaw(`SELECT e.*, o.name FROM environments AS e JOIN orchestrators AS o ON o.id = e.orchestrator_id
		WHERE e.revision_id = ? ORDER BY e.seen_at DESC, o.name, e.worker`, revisionID).Scan(ctx, &rows)
	if err != nil {
		return nil, tidy(err)
	}
	list := make([]sb.Environment, len(rows))
	for i, row := range rows {
		if list[i], err = row.environment(row.Name); err != nil {
			return nil, tidy(err)
		}
	}
	return list, nil
}

// Lacking reads the operators that no environment could load which met their plugin's revision, with why, by revision
// and name.
func (s *Store) Lacking(ctx context.Context) (map[string]map[string]string, error) {
	var rows []environmentRow
	err := s.read.NewRaw(`SELECT e.revision_id, e.lacks FROM environments AS e JOIN orchestrators AS o ON o.id = e.orchestrator_id
		WHERE e.revision_id IN (SELECT revision_id FROM environments WHERE lacks <> '') ORDER BY e.seen_at`).Scan(ctx, &rows)
	all := map[string]map[string]string{}
	for _, row := range rows {
		lacks, err := row.lacks()
		if err != nil {
			return nil, tidy(err)
		}
		before, met := all[row.RevisionID]
		for name := range lacks {
			if _, also := before[name]; met && !also {
				delete(lacks, name)
			}
		}
		all[row.RevisionID] = lacks
	}
	return all, tidy(err)
}
