package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	sb "signalbox"
)

// --- work

type fakeWork struct{ *world }

func (w fakeWork) Claim(_ context.Context, _ string, c sb.Claim) (Claimed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.runs[c.Run]
	if !ok {
		return Claimed{}, missing("run")
	}
	return Claimed{Token: "sbr_" + c.Run, EndToken: "sbr_end_" + c.Run, Run: r, Command: &sb.Command{Command: []string{"true"}}, SHA256: "abc", Root: "tools"}, nil
}

func (w fakeWork) Workers(_ context.Context, _ string, worker sb.Worker) ([]sb.AttemptRef, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.world.workers = append(w.world.workers, worker)
	return nil, nil
}

func (w fakeWork) Archive(context.Context, sb.Process) (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader("PK")), 2, nil
}

func (w fakeWork) open(p sb.Process) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.runs[p.Run]
	switch {
	case !ok:
		return missing("run")
	case r.Status.Terminal():
		return sb.Errorf(sb.RunOver, "run %s is over: %s", r.ID, r.Status)
	}
	return nil
}

func (w fakeWork) Start(_ context.Context, p sb.Process, _, _ string) error { return w.open(p) }

func (w fakeWork) Heartbeat(_ context.Context, p sb.Process) (bool, error) {
	return w.open(p) != nil, nil
}

func (w fakeWork) Progress(_ context.Context, p sb.Process, fraction *float64, _ string) (bool, error) {
	if w.open(p) != nil {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fraction != nil {
		w.fractions = append(w.fractions, *fraction)
	}
	return true, nil
}

func (w fakeWork) MayLog(context.Context, sb.Process) error { return nil }
func (w fakeWork) Masked(_ context.Context, _ sb.Process, text []byte, _ bool) ([]byte, error) {
	return text, nil
}
func (w fakeWork) LogPath(_ context.Context, p sb.Process, _ string) error { return w.open(p) }
func (w fakeWork) Environment(_ context.Context, p sb.Process, o sb.Offer) error {
	w.offers = append(w.offers, o)
	return w.open(p)
}
func (w fakeWork) Fail(_ context.Context, p sb.Process, _, _ string) error { return w.open(p) }
func (w fakeWork) Complete(_ context.Context, p sb.Process, _, _ json.RawMessage) error {
	return w.open(p)
}

// MayEnd refuses for a run that a worker holds; r1 has none.
func (w fakeWork) MayEnd(_ context.Context, p sb.Process) error {
	if p.Run == "held" {
		return sb.Errorf(sb.Forbidden, "a worker tells the end of this attempt")
	}
	return nil
}

func (w fakeWork) End(_ context.Context, _ sb.Process, e sb.End) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, e)
	return nil
}

// --- logs

type fakeLogs struct{ *world }

func (l fakeLogs) Append(_ context.Context, p sb.Process, seq int64, body []byte, _ bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if want := l.next[p.Run]; seq != want {
		return &sb.Error{Code: sb.Conflict, Message: "a chunk is missing", Want: &want}
	}
	l.next[p.Run]++
	l.logs[p.Run] = append(l.logs[p.Run], body...)
	return nil
}

func (l fakeLogs) bytes(run string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.logs[run])
}

func lines(text []byte) []sb.Line {
	var out []sb.Line
	for line := range bytes.Lines(text) {
		out = append(out, sb.Line{Timestamp: &day, Severity: sb.Info, Message: strings.TrimSpace(string(line))})
	}
	return out
}

func (l fakeLogs) Show(_ context.Context, r sb.Run) (Shown, error) {
	b := l.bytes(r.ID)
	if len(b) > sb.MaxShownLog {
		return Shown{Size: int64(len(b)), Complete: true, DownloadOnly: true}, nil
	}
	return Shown{Size: int64(len(b)), Lines: lines(b)}, nil
}

func (l fakeLogs) Open(_ context.Context, r sb.Run, offset, length int64) (io.ReadCloser, int64, error) {
	b := l.bytes(r.ID)
	end := int64(len(b))
	if length >= 0 {
		end = min(end, offset+length)
	}
	return io.NopCloser(bytes.NewReader(b[offset:end])), int64(len(b)), nil
}

func (l fakeLogs) Size(_ context.Context, r sb.Run) (int64, error) {
	return int64(len(l.bytes(r.ID))), nil
}

func (l fakeLogs) Lines(_ context.Context, r sb.Run, q sb.LineQuery) (sb.LogWindow, error) {
	w := sb.LogWindow{Next: -1}
	for i, line := range lines(l.bytes(r.ID)) {
		if n := int64(i); n >= q.From && len(w.Lines) < q.Count {
			w.Lines = append(w.Lines, sb.NumberedLine{Number: n, Line: line})
		} else if n >= q.From && w.Next < 0 {
			w.Next = n
		}
	}
	return w, nil
}

func (l fakeLogs) Entries([]byte) []sb.Line { return nil }

func (l fakeLogs) Scrub(context.Context, string, sb.Mask, func(int) error) (int, error) {
	return 0, nil
}

func (l fakeLogs) Index(_ context.Context, r sb.Run) (sb.LogIndex, error) {
	n := int64(len(lines(l.bytes(r.ID))))
	return sb.LogIndex{Lines: n, Levels: map[sb.Severity]int64{sb.Info: n}}, nil
}

// Follow sends what is there, and is complete when the test closes the run's channel.
func (l fakeLogs) Follow(ctx context.Context, r sb.Run, offset int64, f func(LogPiece) error) error {
	b := l.bytes(r.ID)
	if int64(len(b)) > offset {
		if err := f(LogPiece{Next: int64(len(b)), Lines: lines(b[offset:])}); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.complete[r.ID]:
		return nil
	}
}

// --- catalog

type fakeCatalog struct{ *world }

// Install takes archives of the form "name" or "name:operator,operator".
func (c fakeCatalog) Install(_ context.Context, by sb.Who, archive io.Reader, overwrite, dryRun bool) (Installed, error) {
	b, err := io.ReadAll(archive)
	if err != nil {
		return Installed{}, fmt.Errorf("reading the archive: %w", err)
	}
	name, list, ok := strings.Cut(string(b), ":")
	if !ok {
		return Installed{}, sb.Faulty("this is no plugin", sb.Fault{Location: "fiftyone.yml", Message: "is missing"}, sb.Fault{Location: "archive", Message: "is no ZIP"})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, exists := c.plugins[name]
	if exists && !overwrite {
		return Installed{}, sb.Errorf(sb.Conflict, "plugin %s exists; overwrite it to upgrade", name)
	}
	p := sb.Plugin{ID: "p-" + name, Name: name, Enabled: true, CreatedAt: day, UpdatedAt: day}
	p.Revision = sb.Revision{Number: old.Revision.Number + 1, SHA256: "abc", Size: int64(len(b)), CreatedAt: day, CreatedBy: by, Manifest: sb.Manifest{Name: name, Version: "1.0", Operators: strings.Split(list, ",")}}
	done := Installed{Created: !exists}
	for _, o := range strings.Split(list, ",") {
		p.Operators = append(p.Operators, sb.Operator{
			PluginID: p.ID, Plugin: name, Name: o, Enabled: true, MinimumRole: sb.Member, MinimumDatasetPermission: sb.CanEdit,
			Command: &sb.Command{Command: []string{"true"}, Inputs: json.RawMessage(`{"z":1,"a":{"y":2,"b":3}}`)},
		})
		done.Added = append(done.Added, o)
	}
	done.Plugin = p
	if !dryRun {
		c.plugins[name], c.archives[name] = p, b
	}
	return done, nil
}

func (c fakeCatalog) withoutCommand(plugin, operator string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, o := range c.plugins[plugin].Operators {
		if o.Name == operator {
			c.plugins[plugin].Operators[i].Command = nil
		}
	}
}

func (c fakeCatalog) Plugins(context.Context, string, int) (sb.Page[sb.Plugin], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var page sb.Page[sb.Plugin]
	for _, p := range c.plugins {
		page.Items = append(page.Items, p)
	}
	return page, nil
}

func (c fakeCatalog) Plugin(_ context.Context, idOrName string) (sb.Plugin, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.plugins {
		if p.ID == idOrName || p.Name == idOrName {
			return p, nil
		}
	}
	return sb.Plugin{}, missing("plugin")
}

func (c fakeCatalog) Revisions(ctx context.Context, idOrName string) ([]sb.Revision, error) {
	p, err := c.Plugin(ctx, idOrName)
	var out []sb.Revision
	for n := p.Revision.Number; n > 0; n-- {
		r := p.Revision
		r.Number = n
		out = append(out, r)
	}
	return out, err
}

func (c fakeCatalog) Archive(ctx context.Context, idOrName string) (sb.Plugin, io.ReadCloser, int64, error) {
	p, err := c.Plugin(ctx, idOrName)
	b := c.archives[p.Name]
	return p, io.NopCloser(bytes.NewReader(b)), int64(len(b)), err
}

func (c fakeCatalog) Rollback(ctx context.Context, idOrName string, revision int) (sb.Plugin, error) {
	p, err := c.Plugin(ctx, idOrName)
	if err == nil && revision > p.Revision.Number {
		err = missing("revision")
	}
	p.Revision.Number = revision
	return p, err
}

func (c fakeCatalog) EnablePlugin(ctx context.Context, idOrName string, enabled bool) (sb.Plugin, error) {
	p, err := c.Plugin(ctx, idOrName)
	if err != nil {
		return p, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.Enabled = enabled
	c.plugins[p.Name] = p
	return p, nil
}

func (c fakeCatalog) SetOperator(ctx context.Context, idOrName, operator string, enabled *bool, role *sb.Role, permission *sb.Permission) (sb.Operator, error) {
	p, err := c.Plugin(ctx, idOrName)
	if err != nil {
		return sb.Operator{}, err
	}
	for _, o := range p.Operators {
		if o.Name == operator {
			set(&o.Enabled, enabled)
			set(&o.MinimumRole, role)
			set(&o.MinimumDatasetPermission, permission)
			return o, nil
		}
	}
	return sb.Operator{}, missing("operator")
}

func (c fakeCatalog) Uninstall(ctx context.Context, _ sb.Who, idOrName string) error {
	p, err := c.Plugin(ctx, idOrName)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.plugins, p.Name)
	return err
}

// Environments are none but for the plugin that FiftyOne has met.
func (c fakeCatalog) Environments(_ context.Context, revision string) ([]sb.Environment, error) {
	return c.environments[revision], nil
}

func (c fakeCatalog) Lacking(context.Context) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for revision, met := range c.environments {
		all[revision] = met[0].Lacks
	}
	return all, nil
}

func (c fakeCatalog) Operators(context.Context) ([]sb.Operator, []sb.Plugin, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var operators []sb.Operator
	var plugins []sb.Plugin
	for _, p := range c.plugins {
		plugins = append(plugins, p)
		operators = append(operators, p.Operators...)
	}
	return sorted(operators, sb.Operator.URI), plugins, nil
}
