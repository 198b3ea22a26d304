package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/controlplane/store"
	"signalbox/internal/postgrestest"
)

// The promises of lists.
const (
	listP50   = 10 * time.Millisecond
	listP99   = 50 * time.Millisecond
	searchP99 = 250 * time.Millisecond
)

// question is a list that is asked for.
type question struct {
	name  string
	query url.Values
	took  times
	found int
}

// lists reads pages of a table with a million runs through the API.
func lists(ctx context.Context, s settings) (section, error) {
	out := section{
		title: fmt.Sprintf("Lists of %d runs", s.rows),
		text: fmt.Sprintf("The rows are made by SQL: %d datasets, %d people, %d operators, 8 of 100 failed, 1 of 500 pinned, the newest %d wait. Pages of 50 are\n"+
			"read through `GET /runs` of `signalbox dev` by an admin, one call after the other, all questions in turns. Of the filters, one is\n"+
			"`status=failed`, two add a dataset. The row in the middle is where a cursor behind it begins.", datasets, people, operators, waiting),
	}
	if strings.Contains(s.on, "sqlite") {
		if err := listsOn(ctx, s, "SQLite", "", &out); err != nil {
			return out, err
		}
	}
	if !strings.Contains(s.on, "postgres") {
		return out, nil
	}
	p, err := postgrestest.Start(ctx, roomyWAL)
	if errors.Is(err, postgrestest.ErrNotInstalled) {
		out.rows = append(out.rows, row{"Postgres", "", "not measured: " + err.Error(), nil})
		return out, nil
	}
	if err != nil {
		return out, err
	}
	defer p.Stop()
	return out, listsOn(ctx, s, "Postgres", p.URL("postgres"), &out)
}

func listsOn(ctx context.Context, s settings, name, db string, out *section) error {
	d, err := plan(s, name, "SIGNALBOX_DATABASE_URL="+db)
	if err != nil {
		return err
	}
	if said, err := d.command(ctx, "migrate").CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, said)
	}
	s.say("%s: making %d rows", name, s.rows)
	began := time.Now()
	cursors, err := prepared(ctx, s, db, filepath.Join(d.dir, "signalbox.db"))
	if err != nil {
		return err
	}
	s.say("%s: made in %s", name, short(time.Since(began)))
	d, err = dev(ctx, s, name, "SIGNALBOX_DATABASE_URL="+db)
	if err != nil {
		return err
	}
	defer d.stop()
	pages, searches, others := pagesOf(cursors), searches(), hard()
	rounds, most := 200, 4*time.Minute
	if s.quick {
		rounds, most = 20, 20*time.Second
	}
	s.say("%s: %d rounds of questions", name, rounds)
	const warmUp = 2
	for i, began := 0, time.Now(); i < warmUp+2 || i < warmUp+rounds && time.Since(began) < most; i++ {
		for _, list := range [][]*question{pages, searches, others} {
			if err := askAll(ctx, d, list, i >= warmUp); err != nil {
				return err
			}
		}
	}
	s.say("%s: each question was asked %d times", name, len(pages[0].took))
	out.rows = append(out.rows,
		atMost(name+": page of 50, the slowest of 24, p50", worst(pages, 0.50), listP50),
		atMost(name+": page of 50, the slowest of 24, p99", worst(pages, 0.99), listP99),
		atMost(name+": search, the slowest of "+fmt.Sprint(len(searches))+", p99", worst(searches, 0.99), searchP99),
	)
	head := []string{"list", "runs on the page", "asked", "p50", "p99"}
	out.details = append(out.details,
		table{name + ": pages", head, answers(pages)},
		table{name + ": searches", head, answers(searches)},
		table{name + ": other filters", head, answers(others)},
	)

	return nil
}

// prepared makes the rows, and the cursor in the middle of each order.
func prepared(ctx context.Context, s settings, url, file string) (map[sb.RunSort]string, error) {
	driver, source := "pgx", url
	if url == "" {
		driver, source = "sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=cache_size(-1048576)&_pragma=temp_store(MEMORY)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	d := database{DB: db, postgres: url != "", rows: s.rows, now: time.Now().Truncate(time.Second)}
	if err := d.fill(ctx); err != nil {
		return nil, err
	}
	cursors := map[sb.RunSort]string{}
	for _, sort := range sb.RunSorts {
		r, err := d.middle(ctx, sort)
		if err != nil {
			return nil, err
		}
		cursors[sort] = store.CursorAfter(sort, r)
	}
	return cursors, nil
}

// pagesOf are the 24 lists of the promise.
func pagesOf(cursors map[sb.RunSort]string) (list []*question) {
	for _, sort := range sb.RunSorts {
		for _, f := range []struct {
			name  string
			query url.Values
		}{
			{"no filter", url.Values{}},
			{"status", url.Values{"status": {"failed"}}},
			{"status and dataset", url.Values{"status": {"failed"}, "dataset": {"dataset 7"}}},
		} {
			for _, from := range []string{"first row", "middle row"} {
				q := url.Values{"sort": {string(sort)}}
				for name, value := range f.query {
					q[name] = value
				}
				if from == "middle row" {
					q.Set("cursor", cursors[sort])
				}
				list = append(list, &question{name: string(sort) + ", " + f.name + ", " + from, query: q})
			}
		}
	}
	return list
}

func searches() (list []*question) {
	for _, q := range []question{
		{name: "part of an operator", query: url.Values{"search": {"operator42"}}},
		{name: "part of every operator", query: url.Values{"search": {"tools"}}},
		{name: "a person", query: url.Values{"search": {"person 17"}}},
		{name: "a word in every label", query: url.Values{"search": {"batch"}}},
		{name: "a word in 1 of 1000 labels", query: url.Values{"search": {"zebra"}}},
		{name: "a number in 1 of 10000 labels", query: url.Values{"search": {"batch of 4711"}}},
		{name: "two characters", query: url.Values{"search": {"zz"}}},
		{name: "nothing found", query: url.Values{"search": {"no such thing"}}},
		{name: "a word in few labels, by update", query: url.Values{"search": {"zebra"}, "sort": {"updated"}}},
		{name: "a word in few labels, in a dataset, failed", query: url.Values{"search": {"zebra"}, "dataset": {"dataset 7"}, "status": {"failed"}}},
		{name: "a word in every label, of an old operator", query: url.Values{"search": {"batch"}, "operator": {legacy}}},
		{name: "URI only", query: url.Values{"search": {"legacy"}, "match": {"uri"}}},
		{name: "URI only, nothing found", query: url.Values{"search": {"Legacy"}, "match": {"uri"}}},
		{name: "beginning of an id", query: url.Values{"search": {"0168000000"}}},
	} {
		list = append(list, &q)
	}
	return list
}

// hard are lists whose filters match many runs each and few, or none, together.
func hard() (list []*question) {
	for _, q := range []question{
		{name: "dataset and an operator never used there", query: url.Values{"dataset": {"dataset 7"}, "operator": {legacy}, "status": {"failed"}}},
		{name: "dataset and operator", query: url.Values{"dataset": {"dataset 7"}, "operator": {common}}},
		{name: "dataset and operator, by update", query: url.Values{"dataset": {"dataset 7"}, "operator": {common}, "sort": {"updated"}}},
		{name: "operator and status that waits", query: url.Values{"operator": {common}, "status": {"queued"}}},
		{name: "orchestrator and status that it has not", query: url.Values{"orchestrator": {"bench other"}, "status": {"scheduled"}}},
		{name: "dataset and status that it has not", query: url.Values{"dataset": {"dataset 7"}, "status": {"queued"}}},
		{name: "person, dataset, operator", query: url.Values{"user": {personID(7)}, "dataset": {"dataset 7"}, "operator": {common}}},
		{name: "person and orchestrator he does not use", query: url.Values{"user": {personID(7)}, "orchestrator": {"builtin"}, "status": {"running"}}},
		{name: "pinned", query: url.Values{"pinned": {"true"}}},
		{name: "pinned in a dataset, failed", query: url.Values{"pinned": {"true"}, "dataset": {"dataset 7"}, "status": {"failed"}}},
		{name: "not pinned", query: url.Values{"pinned": {"false"}}},
		{name: "three statuses", query: url.Values{"status": {"failed", "completed", "running"}}},
	} {
		list = append(list, &q)
	}
	return list
}

func askAll(ctx context.Context, d *site, list []*question, counts bool) error {
	for _, q := range list {
		body, took, err := d.get(ctx, "/api/v1/runs?"+q.query.Encode())
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		if counts {
			q.took = append(q.took, took)
			continue
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return err
		}
		q.found = len(page.Items)
	}
	return nil
}

func worst(list []*question, share float64) (most time.Duration) {
	for _, q := range list {
		most = max(most, q.took.at(share))
	}
	return most
}

func answers(list []*question) (rows [][]string) {
	for _, q := range list {
		rows = append(rows, []string{q.name, fmt.Sprint(q.found), fmt.Sprint(len(q.took)), short(q.took.p50()), short(q.took.p99())})
	}
	return rows
}
