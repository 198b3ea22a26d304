package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	sb "signalbox"
)

// roomyWAL spares Postgres a checkpoint after each gigabyte of rows.
const roomyWAL = "max_wal_size=4GB"

// database is where a million runs are made, by SQL: past the product, in its schema.
type database struct {
	*sql.DB
	postgres bool
	rows     int
	now      time.Time
}

// The shape of what is made. Operators, datasets, people and states are spread by a hash of the row's number, so that
// no filter is in step with the order.
const (
	datasets  = 50
	people    = 40
	operators = 100
	idle      = "01BENCH000000000000000IDLE" // a disabled orchestrator: what waits there is not admitted
	other     = "01BENCH00000000000000OTHER"
	legacy    = "@acme/legacy/convert" // an operator of which only the oldest runs are
	legacies  = 1000
	common    = "@acme/tools08/operator42" // one of the hundred
	waiting   = 2000                       // Scheduled runs, the newest
	spacing   = 6                          // seconds between two runs
)

func datasetID(n int) string { return fmt.Sprintf("01BENCH000000000000DATA%03d", n) }
func personID(n int) string  { return fmt.Sprintf("01BENCH000000000000USER%03d", n) }

// hash is an expression: a number below n that looks random, another for each salt.
func hash(salt, n int) string {
	return fmt.Sprintf("(((i * 2654435761 + %d) %% 4294967296) / 1024 * 40503 / 256 %% %d)", (salt*7919+13)*40503, n)
}

// padded writes a number with leading zeros, in hexadecimal or not.
func (d database) padded(number string, width int, hex bool) string {
	switch {
	case d.postgres && hex:
		return fmt.Sprintf("lpad(upper(to_hex(%s)), %d, '0')", number, width)
	case d.postgres:
		return fmt.Sprintf("lpad((%s)::text, %d, '0')", number, width)
	case hex:
		return fmt.Sprintf("printf('%%0%dX', %s)", width, number)
	}
	return fmt.Sprintf("printf('%%0%dd', %s)", width, number)
}

// series is a table n(i) of the numbers from 1.
func (d database) series() string {
	if d.postgres {
		return fmt.Sprintf("generate_series(1::bigint, %d) AS n(i)", d.rows)
	}
	return fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)", d.rows)
}

// fill makes the rows, and the indexes anew after them, which is much faster and gives the same indexes.
func (d database) fill(ctx context.Context) error {
	builtin, err := d.text(ctx, "SELECT id FROM orchestrators WHERE name = 'builtin'")
	if err != nil {
		return err
	}
	indexes, err := d.indexes(ctx)
	if err != nil {
		return err
	}
	var all []string
	for name := range indexes {
		all = append(all, "DROP INDEX "+name)
	}
	triggers, err := d.triggers(ctx)
	if err != nil {
		return err
	}
	for name := range triggers {
		all = append(all, "DROP TRIGGER "+name)
	}
	all = append(all, d.few(builtin)...)
	all = append(all, d.runs(builtin), d.works())
	for _, sql := range indexes {
		all = append(all, sql)
	}
	for _, sql := range triggers {
		all = append(all, sql)
	}
	if d.postgres {
		all = append(all, "VACUUM ANALYZE")
	} else {
		all = append(all, "INSERT INTO run_labels (run_labels) VALUES ('rebuild')", "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	for _, statement := range all {
		if _, err := d.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w in %.200s", err, statement)
		}
	}
	return nil
}

// few makes orchestrators, datasets and people.
func (d database) few(builtin string) []string {
	var list []string
	for id, name := range map[string]string{idle: "bench idle", other: "bench other"} {
		list = append(list, fmt.Sprintf("INSERT INTO orchestrators SELECT '%s', '%s', kind, FALSE, quota, config, routes, version, created_at, updated_at FROM orchestrators WHERE id = '%s'",
			id, name, builtin))
	}
	now := d.now.UnixMicro()
	for n := range datasets {
		list = append(list, fmt.Sprintf("INSERT INTO datasets (id, name, default_permission, creator_id, creator_name, created_at, updated_at) VALUES ('%s', 'dataset %d', 'none', '', '', %d, %d)",
			datasetID(n), n, now, now))
	}
	for n := range people {
		list = append(list, fmt.Sprintf("INSERT INTO principals (id, kind, name, email, role, description, created_at) VALUES ('%s', 'service_account', 'person %02d', '', 'member', '', %d)",
			personID(n), n, now))
	}
	return list
}

// runs makes the runs: the newest wait, of the others 8 in 100 failed. Ids and times rise with the row's number.
func (d database) runs(builtin string) string {
	last := d.rows - waiting
	scheduled := fmt.Sprintf("(%d - (%d - i) * %d000000)", d.now.UnixMicro(), d.rows, spacing)
	ended := "(" + scheduled + " + 1000000 * " + hash(9, 3600) + ")"
	old := fmt.Sprintf("i > %d", last)
	tool := hash(3, operators)
	columns := [][2]string{
		{"id", "'01' || " + d.padded(scheduled+" / 1000000", 8, true) + " || " + d.padded(hash(1, 1<<20), 8, true) + " || " + d.padded("i", 8, true)},
		{"status", "CASE WHEN " + old + " THEN 'scheduled' WHEN " + hash(4, 100) + " < 8 THEN 'failed' ELSE 'completed' END"},
		{"dataset_id", "'01BENCH000000000000DATA' || " + d.padded(hash(2, datasets), 3, false)},
		{"orchestrator_id", fmt.Sprintf("CASE WHEN %s THEN '%s' WHEN %s < 30 THEN '%s' ELSE '%s' END", old, idle, hash(5, 100), other, builtin)},
		{"created_by_id", "'01BENCH000000000000USER' || " + d.padded(hash(6, people), 3, false)},
		{"created_by_name", "'person ' || " + d.padded(hash(6, people), 2, false)},
		{"operator", fmt.Sprintf("CASE WHEN i <= %d THEN '%s' ELSE '@acme/tools' || %s || '/operator' || %s END", legacies, legacy, d.padded(tool+" / 5", 2, false), d.padded(tool, 2, false))},
		{"operator_label", "'Operator ' || " + tool},
		{"label", "'evening batch of ' || " + hash(7, 10000) + " || CASE WHEN " + hash(8, 1000) + " = 0 THEN ' with zebras' ELSE '' END"},
		{"scheduled_at", scheduled},
		{"not_before", scheduled},
		{"updated_at", "CASE WHEN " + old + " THEN " + scheduled + " ELSE " + ended + " END"},
		{"queued_at", "CASE WHEN " + old + " THEN 0 ELSE " + scheduled + " END"},
		{"dispatched_at", "CASE WHEN " + old + " THEN 0 ELSE " + scheduled + " END"},
		{"started_at", "CASE WHEN " + old + " THEN 0 ELSE " + scheduled + " END"},
		{"ended_at", "CASE WHEN " + old + " THEN 0 ELSE " + ended + " END"},
		{"attempt", "CASE WHEN " + old + " THEN 0 ELSE 1 END"},
		{"log_path", "CASE WHEN " + old + " THEN '' ELSE 'do_logs/2026/01/01/' || i || '.log' END"},
		{"pinned", hash(10, 500) + " = 0"},
		{"pool", "'default'"},
		{"target", `'{"pool":"default"}'`},
		{"plugin", "'@acme/tools' || " + d.padded(tool+" / 5", 2, false)},
		{"plugin_version", "'1.0.0'"},
		{"params", `'{"threshold":0.5,"name":"number ' || i || '"}'`},
		{"inputs_schema", `'{"type":"object","properties":{"threshold":{"type":"number","title":"Threshold","default":0.5},"name":{"type":"string","title":"Name"}},"additionalProperties":false}'`},
		{"result", `'{"images":' || i || '}'`},
	}
	var names, values []string
	for _, c := range columns {
		names, values = append(names, c[0]), append(values, c[1])
	}
	return "INSERT INTO runs (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + d.series()
}

// works makes the work of each run that is over.
func (d database) works() string {
	return `INSERT INTO works (run_id, attempt, state, ref, url, ending, ending_at, ending_told, worker, incarnation, late, ended_at, seen_at, progress, reported, reported_body)
		SELECT id, 1, 'ended', '', '', '', 0, FALSE, 'host/default', '', FALSE, ended_at, ended_at, '', '', '' FROM runs WHERE attempt = 1`
}

func (d database) indexes(ctx context.Context) (map[string]string, error) {
	if d.postgres {
		return d.texts(ctx, "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'runs' AND indexname <> 'runs_pkey'")
	}
	return d.texts(ctx, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'runs' AND sql IS NOT NULL")
}

func (d database) triggers(ctx context.Context) (map[string]string, error) {
	if d.postgres {
		return nil, nil
	}
	return d.texts(ctx, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'runs'")
}

func (d database) texts(ctx context.Context, query string) (map[string]string, error) {
	rows, err := d.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		all[name] = text
	}
	return all, rows.Err()
}

func (d database) text(ctx context.Context, query string) (text string, err error) {
	err = d.QueryRowContext(ctx, query).Scan(&text)
	return text, err
}

// middle gives the row in the middle of an order: the 500,000th of a million.
func (d database) middle(ctx context.Context, sort sb.RunSort) (sb.Run, error) {
	by := map[sb.RunSort]string{
		sb.SortScheduled: "scheduled_at DESC, id DESC", sb.SortUpdated: "updated_at DESC, id DESC",
		sb.SortOldest: "scheduled_at, id", sb.SortOperator: "operator, scheduled_at DESC, id DESC",
	}
	var r sb.Run
	var scheduled, updated int64
	err := d.QueryRowContext(ctx, fmt.Sprintf("SELECT id, operator, scheduled_at, updated_at FROM runs ORDER BY %s LIMIT 1 OFFSET %d", by[sort], d.rows/2-1)).
		Scan(&r.ID, &r.Operator, &scheduled, &updated)
	r.ScheduledAt, r.UpdatedAt = time.UnixMicro(scheduled), time.UnixMicro(updated)
	return r, err
}
