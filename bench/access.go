package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/internal/postgrestest"
)

// The promise of access, and the organisation that it is measured in.
const (
	accessP99      = 50 * time.Millisecond
	manyDatasets   = 100_000
	manyUsers      = 10_000
	manyGroups     = 1_000
	manyOperators  = 1_000
	groupDatasets  = 20 // that a group is granted
	userGroups     = 2  // that a user is in
	userGrants     = 3  // of his own
	pluginOperator = 50 // operators of one plugin
)

// asker is someone whose lists are read.
type asker struct {
	name  string
	role  sb.Role
	shown string // what the report says of him
	key   string
}

// entering are the askers of one organisation, each with a key.
func entering() []asker {
	list := []asker{
		{name: "admin", role: sb.Admin, shown: "an admin"},
		{name: "member", role: sb.Member, shown: "a member with a few grants"},
		{name: "guest", role: sb.Guest, shown: "a guest with a few grants through groups"},
	}
	for i := range list {
		list[i].key, _ = identity.NewAPIKey()
	}
	return list
}

func askerID(a asker) string { return fmt.Sprintf("01BENCH00000000ASKER%06s", strings.ToUpper(a.name)) }

// accessing reads what people may see in a large organisation, through the API.
func accessing(ctx context.Context, s settings) (section, error) {
	out := section{
		title: fmt.Sprintf("Access among %d datasets", manyDatasets),
		text: fmt.Sprintf("The organisation is made by SQL: %d datasets without default access, %d users, %d groups with %d datasets each, %d operators.\n"+
			"Pages of 50 are read from `signalbox dev`, one call after the other, all questions in turns.",
			manyDatasets, manyUsers, manyGroups, groupDatasets, manyOperators),
	}
	if strings.Contains(s.on, "sqlite") {
		if err := accessOn(ctx, s, "SQLite", "", &out); err != nil {
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
	return out, accessOn(ctx, s, "Postgres", p.URL("postgres"), &out)
}

// visit is a page that someone reads.
type visit struct {
	question
	who  asker
	path string
}

func accessOn(ctx context.Context, s settings, name, db string, out *section) error {
	d, err := plan(s, name+" access", "SIGNALBOX_DATABASE_URL="+db)
	if err != nil {
		return err
	}
	if said, err := d.command(ctx, "migrate").CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, said)
	}
	s.say("%s: making an organisation", name)
	askers := entering()
	if err := organise(ctx, askers, db, filepath.Join(d.dir, "signalbox.db")); err != nil {
		return err
	}
	if d, err = dev(ctx, s, name+" access", "SIGNALBOX_DATABASE_URL="+db); err != nil {
		return err
	}
	defer d.stop()
	visits, rounds := visitsOf(askers), 300
	if s.quick {
		rounds = 20
	}
	const warmUp = 3
	for i := range warmUp + rounds {
		for _, v := range visits {
			if err := v.make(ctx, *d, i >= warmUp); err != nil {
				return err
			}
		}
	}
	var rows [][]string
	for _, v := range visits {
		out.rows = append(out.rows, atMost(name+": "+v.name+", p99", v.took.p99(), accessP99))
		rows = append(rows, []string{v.name, fmt.Sprint(v.found), fmt.Sprint(len(v.took)), short(v.took.p50()), short(v.took.p99())})
	}
	out.details = append(out.details, table{name + ": access", []string{"page", "items on it", "asked", "p50", "p99"}, rows})
	return nil
}

func visitsOf(askers []asker) (list []*visit) {
	for _, a := range askers {
		for _, page := range [][2]string{
			{"datasets", "/api/v1/datasets?limit=50"},
			{"one dataset", "/api/v1/datasets/" + sharedWithAll},
			{"operators", "/api/v1/operators?limit=50&dataset=" + sharedWithAll},
			{"operators, with why", "/api/v1/operators?limit=50&all=true&dataset=" + sharedWithAll},
		} {
			list = append(list, &visit{question{name: page[0] + " of " + a.shown}, a, page[1]})
		}
	}
	return list
}

// sharedWithAll is a dataset that all askers see.
const sharedWithAll = "01BENCH0000000000DATA00000001"

func (v *visit) make(ctx context.Context, d site, counts bool) error {
	d.key = v.who.key
	body, took, err := d.get(ctx, v.path)
	if err != nil || !counts {
		return err
	}
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	v.took = append(v.took, took)
	err = json.Unmarshal(body, &page)
	v.found = len(page.Items)
	return err
}

// organise makes the organisation, past the product, in its schema.
func organise(ctx context.Context, askers []asker, url, file string) error {
	driver, source := "pgx", url
	if url == "" {
		driver, source = "sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(0)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	d := database{DB: db, postgres: url != "", now: time.Now().Truncate(time.Second)}
	for _, statement := range d.organisation(askers) {
		if _, err := d.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w in %.200s", err, statement)
		}
	}
	return nil
}

// of gives a series of n numbers.
func (d database) of(n int) string {
	d.rows = n
	return d.series()
}

func (d database) organisation(askers []asker) []string {
	now := d.now.UnixMicro()
	dataset := func(n string) string { return "'01BENCH0000000000DATA' || " + d.padded(n, 8, false) }
	user := func(n string) string { return "'01BENCH00000000USER' || " + d.padded(n, 8, false) }
	group := func(n string) string { return "'01BENCH0000000GROUP' || " + d.padded(n, 8, false) }
	list := []string{
		`UPDATE settings SET api_key_roles = '["guest","labeler","collaborator","member","admin"]'`,
		fmt.Sprintf("INSERT INTO datasets (id, name, default_permission, creator_id, creator_name, created_at, updated_at) SELECT %s, 'dataset ' || %s, 'none', '', '', %d, %d FROM %s",
			dataset("i"), d.padded(hash(1, 1<<20), 8, false)+" || i", now, now, d.of(manyDatasets)),
		fmt.Sprintf("INSERT INTO principals (id, kind, name, email, role, description, created_at) SELECT %s, 'user', 'person ' || i, 'person' || i || '@example.org', 'member', '', %d FROM %s",
			user("i"), now, d.of(manyUsers)),
		fmt.Sprintf("INSERT INTO groups (id, name, description, created_at) SELECT %s, 'group ' || i, '', %d FROM %s", group("i"), now, d.of(manyGroups)),
		fmt.Sprintf("INSERT INTO members (group_id, principal_id, locked_by) SELECT %s, %s, '' FROM %s WHERE TRUE ON CONFLICT DO NOTHING",
			group("1 + "+hash(2, manyGroups)), user("1 + i % "+fmt.Sprint(manyUsers)), d.of(manyUsers*userGroups)),
		fmt.Sprintf("INSERT INTO group_grants (dataset_id, group_id, permission) SELECT %s, %s, 'edit' FROM %s WHERE TRUE ON CONFLICT DO NOTHING",
			dataset("1 + "+hash(3, manyDatasets)), group("1 + i % "+fmt.Sprint(manyGroups)), d.of(manyGroups*groupDatasets)),
		fmt.Sprintf("INSERT INTO grants (dataset_id, principal_id, permission) SELECT %s, %s, 'view' FROM %s WHERE TRUE ON CONFLICT DO NOTHING",
			dataset("1 + "+hash(4, manyDatasets)), user("1 + i % "+fmt.Sprint(manyUsers)), d.of(manyUsers*userGrants)),
	}
	for _, a := range askers {
		list = append(list, d.enter(a, group)...)
	}
	list = append(list, d.plugins(now)...)
	if d.postgres {
		return append(list, "VACUUM ANALYZE")
	}
	return list
}

// enter makes an asker with a key, a few groups, and the dataset that all see.
func (d database) enter(a asker, group func(string) string) []string {
	now, id := d.now.UnixMicro(), askerID(a)
	list := []string{
		fmt.Sprintf("INSERT INTO principals (id, kind, name, email, role, description, created_at) VALUES ('%s', 'user', '%s', '%s@example.org', '%s', '', %d)", id, a.name, a.name, a.role, now),
		fmt.Sprintf("INSERT INTO api_keys (id, owner_id, name, hash, created_at, expires_at, last_used_at) VALUES ('K%s', '%s', 'bench', '%s', %d, 0, 0)",
			id, id, hex.EncodeToString(identity.Hash(a.key)), now),
	}
	if a.role == sb.Admin {
		return list
	}
	list = append(list,
		fmt.Sprintf("INSERT INTO members (group_id, principal_id, locked_by) SELECT %s, '%s', '' FROM %s", group("i"), id, d.of(3)),
		fmt.Sprintf("INSERT INTO grants (dataset_id, principal_id, permission) VALUES ('%s', '%s', 'view')", sharedWithAll, id))
	return list
}

// plugins makes operators, each with inputs of its own.
func (d database) plugins(now int64) (list []string) {
	for n := range manyOperators / pluginOperator {
		name := fmt.Sprintf("@bench/plugin%02d", n)
		m := sb.Manifest{Name: name, Version: "1", Commands: map[string]sb.Command{}}
		var decided []string
		for i := range pluginOperator {
			operator := fmt.Sprintf("operator%02d", i)
			m.Operators = append(m.Operators, operator)
			m.Commands[operator] = sb.Command{Label: "Operator", Command: []string{"true"}, Inputs: json.RawMessage(
				`{"type":"object","properties":{"threshold":{"type":"number","title":"Threshold","default":0.5},"name":{"type":"string","title":"Name"}}}`)}
			decided = append(decided, fmt.Sprintf("('P%d', '%s', TRUE, 'guest', 'view')", n, operator))
		}
		manifest, _ := json.Marshal(m) // texts only
		list = append(list,
			fmt.Sprintf("INSERT INTO plugins (id, name, enabled, revision_id, created_at, updated_at) VALUES ('P%d', '%s', TRUE, 'R%d', %d, %d)", n, name, n, now, now),
			fmt.Sprintf("INSERT INTO revisions (id, plugin_id, number, sha256, size, root, manifest, created_at, created_by_id, created_by_name) VALUES ('R%d', 'P%d', 1, '%064d', 1, '', '%s', %d, '', '')",
				n, n, n, manifest, now),
			"INSERT INTO operators (plugin_id, name, enabled, minimum_role, minimum_dataset_permission) VALUES "+strings.Join(decided, ", "))
	}
	return list
}
