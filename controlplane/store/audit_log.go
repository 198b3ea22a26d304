package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

func (row auditRow) entry() sb.AuditEntry {
	e := sb.AuditEntry{
		ID: row.ID, At: timeAt(row.At), Action: row.Action,
		Origin: sb.Origin{
			Actor: sb.Who{ID: row.ActorID, Name: row.ActorName}, Kind: sb.PrincipalKind(row.ActorKind),
			Address: row.Address, Request: row.Request, Via: row.Via,
		},
		Object:  sb.Object{Kind: row.ObjectKind, ID: row.ObjectID, Name: row.ObjectName},
		Outcome: sb.AuditOutcome(row.Outcome), Count: row.Count, Chain: row.Chain, MAC: row.MAC,
	}
	if row.Detail != "" {
		e.Detail = json.RawMessage(row.Detail)
	}
	return e
}

// auditCursor is where the audit log goes on: behind the entry of this time and id.
type auditCursor struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

// Audit reads a page of the audit log, newest first.
func (s *Store) Audit(ctx context.Context, q sb.AuditQuery) (sb.Page[sb.AuditEntry], error) {
	var page sb.Page[sb.AuditEntry]
	var after auditCursor
	if q.Cursor != "" {
		if err := readCursor(q.Cursor, &after); err != nil || after.ID == "" {
			return page, badCursor()
		}
	}
	actions, err := s.actions(ctx, q.Action)
	if err != nil {
		return page, tidy(err)
	}
	limit := limitOf(q.Limit)
	query, args := auditPage(q, after, actions, limit+1)
	var rows []auditRow
	if err := s.read.NewRaw(query, args...).Scan(ctx, &rows); err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = writeCursor(auditCursor{rows[limit-1].At, rows[limit-1].ID})
	}
	page.Items = each(rows, auditRow.entry)
	return page, nil
}

// actions lists the actions that a filter means: itself, and for a word alone those that occur of the noun. It steps from
// one to the next in the index, however many rows each has. None for no filter.
func (s *Store) actions(ctx context.Context, action string) ([]string, error) {
	if action == "" || strings.Contains(action, ".") {
		return unique([]string{action}), nil
	}
	var list []string
	err := s.read.NewRaw(`WITH RECURSIVE a (action) AS (
			SELECT min(action) FROM audit WHERE action >= ?
			UNION ALL SELECT (SELECT min(b.action) FROM audit AS b WHERE b.action > a.action) FROM a WHERE a.action < ?)
		SELECT action FROM a WHERE action < ?`, action+".", action+"/", action+"/").Scan(ctx, &list) // "/" comes after "."
	return append(list, action), err // a refusal is named by a right, which is one word
}

// AuditActions lists the actions that occur in the audit log, by name, stepping from one to the next in the index.
func (s *Store) AuditActions(ctx context.Context) ([]string, error) {
	var list []string
	err := s.read.NewRaw(`WITH RECURSIVE a (action) AS (
			SELECT min(action) FROM audit
			UNION ALL SELECT (SELECT min(b.action) FROM audit AS b WHERE b.action > a.action) FROM a WHERE a.action IS NOT NULL)
		SELECT action FROM a WHERE action IS NOT NULL`).Scan(ctx, &list)
	return list, tidy(err)
}

// auditPage writes the SELECT of a page: for each action the first of the page by the index, and of all these the first.
func auditPage(q sb.AuditQuery, after auditCursor, actions []string, limit int) (string, []any) {
	terms, args := auditTerms(q, after)
	if q.Outcome == sb.AuditRefused && len(actions) > 0 { // refusals are few: theirs is the index that must be read
		terms, args, actions = terms+" AND (action || '') IN (?)", append(args, bun.List(actions)), nil
	}
	if len(actions) == 0 {
		return "SELECT * FROM audit WHERE " + terms + " ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)
	}
	var branches []string
	var all []any
	for _, action := range actions {
		branches = append(branches, "SELECT * FROM (SELECT * FROM audit WHERE action = ? AND "+terms+" ORDER BY at DESC, id DESC LIMIT ?) AS b")
		all = append(append(append(all, action), args...), limit)
	}
	return "SELECT * FROM (" + strings.Join(branches, " UNION ALL ") + ") AS a ORDER BY at DESC, id DESC LIMIT ?", append(all, limit)
}

func auditTerms(q sb.AuditQuery, after auditCursor) (string, []any) {
	terms, args := []string{"1 = 1"}, []any(nil)
	add := func(given bool, term string, values ...any) {
		if given {
			terms, args = append(terms, term), append(args, values...)
		}
	}
	add(q.Actor != "", "actor_id = ?", q.Actor)
	add(q.Object != "", "object_id = ? AND object_id <> ''", q.Object)
	add(q.Outcome == sb.AuditRefused, "outcome = 'refused'")
	add(q.Outcome != "" && q.Outcome != sb.AuditRefused, "outcome = ?", q.Outcome)
	add(!q.Since.IsZero(), "at >= ?", micros(q.Since))
	add(!q.Until.IsZero(), "at < ?", micros(q.Until))
	add(after.ID != "", "(at, id) < (?, ?)", after.At, after.ID)
	return strings.Join(terms, " AND "), args
}

// auditLock is the advisory lock of who seals, on Postgres. On SQLite there is one writer anyway.
const auditLock = 0x5349474e414c

// SealAudit gives the next unsealed entries, at most limit, their places in the chain and the MACs that seal makes, a
// pure function of the link before and the entry with its place. It tells the newest link, and how many entries it
// sealed. What still counts refusals of the running minute is left. One process seals at a time; to others there is
// nothing to seal meanwhile.
func (s *Store) SealAudit(ctx context.Context, limit int, seal func(sb.AuditHead, sb.AuditEntry) (string, error)) (sb.AuditHead, int, error) {
	var head sb.AuditHead
	var n int
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		n = 0
		if mine, err := t.sealsAlone(ctx); err != nil || !mine {
			return err
		}
		var err error
		if head, err = auditHead(ctx, t); err != nil {
			return err
		}
		rows, err := t.unsealed(ctx, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		var links []link
		for _, row := range rows {
			row.Chain = head.Chain + 1
			mac, err := seal(head, row.entry())
			if err != nil {
				return err
			}
			head = sb.AuditHead{Chain: row.Chain, MAC: mac}
			links = append(links, link{row.ID, head})
		}
		n = len(links)
		return t.writeLinks(ctx, links)
	})
	return head, n, err
}

func (t *tx) sealsAlone(ctx context.Context) (mine bool, err error) {
	if t.s.listen == nil {
		return true, nil
	}
	err = t.NewRaw("SELECT pg_try_advisory_xact_lock(?)", auditLock).Scan(ctx, &mine)
	return mine, err
}

// unsealed holds the next entries to seal: a refusal that is counted meanwhile waits, and then begins another row.
func (t *tx) unsealed(ctx context.Context, limit int) ([]auditRow, error) {
	query := "SELECT * FROM audit WHERE " + toSeal + " ORDER BY at, id LIMIT ?"
	if t.s.listen != nil {
		query += " FOR UPDATE"
	}
	var rows []auditRow
	err := t.NewRaw(query, minuteOf(t.now-sealAfter), limit).Scan(ctx, &rows)
	return rows, err
}

// link is an entry's place in the chain.
type link struct {
	id   string
	head sb.AuditHead
}

func (t *tx) writeLinks(ctx context.Context, links []link) error {
	var args []any
	for _, l := range links {
		args = append(args, l.id, l.head.Chain, l.head.MAC)
	}
	values := strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", len(links)), ", ")
	_, err := t.exec(ctx, "WITH v (id, chain, mac) AS (VALUES "+values+") UPDATE audit SET chain = v.chain, mac = v.mac FROM v WHERE audit.id = v.id", args...)
	return err
}

// AuditHead reads the newest link of the chain; zero when nothing is sealed yet.
func (s *Store) AuditHead(ctx context.Context) (sb.AuditHead, error) {
	h, err := auditHead(ctx, s.read)
	return h, tidy(err)
}

func auditHead(ctx context.Context, q bun.IDB) (sb.AuditHead, error) {
	var rows []sb.AuditHead
	err := q.NewRaw("SELECT chain, mac FROM audit WHERE chain > 0 ORDER BY chain DESC LIMIT 1").Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return sb.AuditHead{}, err
	}
	return rows[0], nil
}

// Unsealed tells since when entries wait to be sealed, those aside that still count; zero when none does.
func (s *Store) Unsealed(ctx context.Context) (time.Time, error) {
	now, err := s.nowIn(ctx, s.read)
	if err != nil {
		return time.Time{}, tidy(err)
	}
	var at []int64
	err = s.read.NewRaw("SELECT at FROM audit WHERE "+toSeal+" ORDER BY at, id LIMIT 1", minuteOf(now-sealAfter)).Scan(ctx, &at)
	if err != nil || len(at) == 0 {
		return time.Time{}, tidy(err)
	}
	return timeAt(at[0]), nil
}

// AuditChain reads sealed entries behind a place in the chain, in its order.
func (s *Store) AuditChain(ctx context.Context, after int64, limit int) ([]sb.AuditEntry, error) {
	var rows []auditRow
	err := s.read.NewRaw("SELECT * FROM audit WHERE chain > 0 AND chain > ? ORDER BY chain LIMIT ?", after, limit).Scan(ctx, &rows)
	return each(rows, auditRow.entry), tidy(err)
}
