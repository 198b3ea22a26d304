package store

import (
	"context"
	"database/sql"

	sb "signalbox"
)

// KeepRefusals counts refusals, no two of one actor and action. Equal ones of one minute are one row, whoever tells of
// them. Once that is sealed it never changes, so that a second row counts what follows in the minute. A login that
// failed belongs to nobody that is known: its origin has no actor's id.
func (s *Store) KeepRefusals(ctx context.Context, list []sb.Refusal) error {
	if len(list) == 0 {
		return nil
	}
	return s.changeAt(ctx, sql.LevelDefault, func(ctx context.Context, t *tx) error { // whatever the context demands of its actor
		sealed, err := t.sealedRefusals(ctx)
		if err != nil {
			return err
		}
		rows := make([]auditRow, 0, len(list))
		for _, r := range list {
			row, err := t.auditRow(r.Origin, r.Action, r.Object)
			if err != nil {
				return err
			}
			row.Outcome, row.Count, row.Minute = string(sb.AuditRefused), r.Count, minuteOf(t.now)
			if sealed[[2]string{row.ActorID, row.Action}] {
				row.Detail = furtherRefusals
			}
			rows = append(rows, row)
		}
		_, err = t.NewInsert().Model(&rows).On("CONFLICT (actor_id, action, minute) WHERE outcome = 'refused' AND chain = 0 DO UPDATE").
			Set("count = ?TableAlias.count + excluded.count").Exec(ctx)
		return err
	})
}

// furtherRefusals is the detail of a row that counts what followed a sealed one.
const furtherRefusals = `{"further":true}`

// sealedRefusals tells of which actors and actions refusals of the running minute are sealed.
func (t *tx) sealedRefusals(ctx context.Context) (map[[2]string]bool, error) {
	var rows []struct{ ActorID, Action string }
	err := t.NewRaw("SELECT actor_id, action FROM audit WHERE outcome = 'refused' AND at >= ? AND minute = ? AND chain > 0",
		minuteOf(t.now)*minute, minuteOf(t.now)).Scan(ctx, &rows)
	found := map[[2]string]bool{}
	for _, row := range rows {
		found[[2]string{row.ActorID, row.Action}] = true
	}
	return found, err
}

const minute = int64(60 * 1_000_000)

func minuteOf(at int64) int64 { return at / minute }

// sealAfter is how long refusals are still counted after their minute, for transactions that began in it.
const sealAfter = int64(2 * 1_000_000)

// toSeal is the condition of rows that wait for their seal: all but those that still count what followed a sealed
// refusal in its minute, which wait until it is over.
const toSeal = "chain = 0 AND (outcome <> 'refused' OR detail = '' OR minute < ?)"
