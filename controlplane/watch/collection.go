package watch

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	sb "signalbox"
)

// collection is one go at the log of an attempt: of each try of each part, unless it was sent by itself. Where a part's log is
// read from is decided in this order: where the part says, where the orchestrator's template says, what its API gives.
type collection struct {
	*looker
	o       sb.Orchestrator
	adapter sb.Adapter
	due     sb.DueLog
	now     time.Time
	said    map[sb.Process]string // where processes say that their logs lie
	order   []sb.Process          // of those
	own     []sb.Process          // that sent theirs
	refer   bool                  // logs stay where others keep them
	formed  bool                  // there is a template
	only    bool                  // one log is all there seems to be
	met     int                   // processes that may have a log
	wrong   []wrong
}

// wrong is a log, or "" for all, that was not read, or not to its end.
type wrong struct {
	of     string
	err    error
	partly bool // some of it was read
}

func (l *looker) collection(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter, d sb.DueLog, now time.Time) (*collection, error) {
	settings, _ := sb.ReadLogSettings(o.Config)
	c := &collection{looker: l, o: o, adapter: adapter, due: d, now: now, refer: settings.Reference, formed: settings.Template != "", said: map[sb.Process]string{}}
	own, err := l.store.OwnLogs(ctx, d.AttemptRef)
	if err != nil {
		return nil, err
	}
	c.own = own
	paths, err := l.store.LogPaths(ctx, d.AttemptRef)
	for _, p := range paths {
		c.said[p.Process], c.order = p.URI, append(c.order, p.Process)
	}
	return c, err
}

// all collects what is there. Its error is about all that is left.
func (c *collection) all(ctx context.Context) error {
	list, err := c.list(ctx)
	c.only = err == nil && len(list) == 1 && len(c.own) == 0 && c.now.Before(c.due.Until) // later, some of it is better than nothing
	for _, t := range list {
		c.one(ctx, t.Process, t.part)
	}
	return err
}

// written is a process that may have written a log, as the part that its orchestrator gave; nil: it told where its log lies.
type written struct {
	sb.Process
	part *sb.Part
}

// list finds who may have written a log, also with the error that it is not known of all.
func (c *collection) list(ctx context.Context) (list []written, err error) {
	for _, p := range c.order {
		list = append(list, written{Process: p})
	}
	if c.whole() {
		return list, nil
	}
	parts, err := c.adapter.Parts(ctx, c.due.Place)
	if sb.CodeOf(err) == sb.NotFound && len(c.own) > 0 { // it was deleted there; what was sent is all there is
		return list, nil
	}
	for _, part := range parts {
		for try := part.First; try <= part.Try; try++ {
			p := sb.Process{AttemptRef: c.due.AttemptRef, Source: part.Source, Try: try}
			if _, said := c.said[p]; !said {
				list = append(list, written{p, &part})
			}
		}
	}
	return list, err
}

// whole tells whether somebody spoke for all parts, who named no part: then there is nothing to be asked for.
func (c *collection) whole() bool {
	return slices.ContainsFunc(slices.Concat(c.own, c.order), func(p sb.Process) bool { return p.Source == sb.MainSource })
}

// one collects the log of a process, once.
func (c *collection) one(ctx context.Context, p sb.Process, part *sb.Part) {
	if slices.Contains(c.own, p) || c.taken[p] {
		c.met++
		return
	}
	opened, err := c.take(ctx, p, part)
	if ctx.Err() != nil {
		return
	}
	if c.met++; err == nil {
		c.taken[p] = true
		return
	}
	c.wrong = append(c.wrong, wrong{nameOf(p), err, opened})
}

func nameOf(p sb.Process) string {
	name := p.Source
	if p.Try > 1 {
		name = fmt.Sprintf("%s, try %d", name, p.Try)
	}
	return name
}

func (c *collection) take(ctx context.Context, p sb.Process, part *sb.Part) (opened bool, err error) {
	body, uri, err := c.open(ctx, p, part)
	if err != nil {
		return false, err
	}
	defer func() { _ = body.Close() }()
	switch {
	case c.refer && uri != "":
		err = c.logs.Kept.Refer(ctx, p, uri, body)
	case c.only:
		err = c.logs.Kept.TakeOnly(ctx, p, body)
	default:
		err = c.logs.Kept.Take(ctx, p, body)
	}
	return true, err
}

// open finds the log of a process. What is said to come where the process says is waited for there, and only then looked for
// elsewhere; what is wrong with that place is told nevertheless when it is nowhere.
func (c *collection) open(ctx context.Context, p sb.Process, part *sb.Part) (body io.ReadCloser, uri string, err error) {
	said := c.said[p]
	if said == "" {
		return c.find(ctx, p, part)
	}
	found, err := c.logs.Elsewhere.Reported(ctx, c.o, said)
	switch {
	case err == nil:
		return found.ReadCloser, found.Place.URI(), nil
	case late(err) && c.now.Before(c.due.Until):
		return nil, "", err
	}
	if body, uri, otherErr := c.find(ctx, p, part); otherErr == nil {
		return body, uri, nil
	}
	return nil, "", err
}

// find looks where the template says, then asks the orchestrator.
func (c *collection) find(ctx context.Context, p sb.Process, part *sb.Part) (io.ReadCloser, string, error) {
	found, err := c.logs.Elsewhere.Templated(ctx, c.o, c.due.Place, p.Source, p.Try)
	if err == nil {
		return found.ReadCloser, found.Place.URI(), nil
	}
	if part == nil {
		part = &sb.Part{Source: p.Source, Try: p.Try}
	}
	body, apiErr := c.adapter.Log(ctx, c.due.Place, *part, p.Try)
	none := sb.CodeOf(apiErr) == sb.NotFound && sb.CodeOf(err) != sb.NotFound || sb.CodeOf(apiErr) == sb.Invalid
	if none && c.formed {
		return nil, "", err // that tells more, and may still come
	}
	return body, "", apiErr
}

// late tells whether waiting may help.
func late(err error) bool {
	switch sb.CodeOf(err) { //nolint:exhaustive // the others stay as they are
	case sb.Invalid, sb.TooLarge, sb.Conflict:
		return false
	}
	return true
}

// waits tells whether to try again later.
func (c *collection) waits() bool {
	if c.met == 0 && len(c.wrong) == 0 {
		return len(c.own) == 0 && c.now.Before(c.due.Until)
	}
	return slices.ContainsFunc(c.wrong, func(w wrong) bool {
		switch code := sb.CodeOf(w.err); {
		case !late(w.err):
			return false
		case c.now.Before(c.due.Until):
			return true
		case code == sb.NotFound, code == sb.Forbidden, w.of == "" && len(c.own) > 0:
			return false
		}
		return c.now.Before(c.due.Until.Add(unaskedMost))
	})
}

// missing tells what is missing of the log, and why; "" for nothing.
func (c *collection) missing() string {
	none := c.met == 0 && len(c.own) == 0
	switch {
	case none && c.due.Sight == sb.SeenGone:
		return "Its log is missing: it was deleted there with everything about it."
	case none && len(c.wrong) == 0:
		return fmt.Sprintf("Its log is missing: there was none within %s after its end.", sb.LogWait)
	case len(c.wrong) == 0:
		return ""
	}
	var said []string
	for _, w := range c.wrong {
		if said = append(said, w.said(c.met == 1)); len(said) == wrongsTold && len(c.wrong) > wrongsTold {
			said = append(said, fmt.Sprintf("and %d more", len(c.wrong)-wrongsTold))
			break
		}
	}
	what := "not complete"
	if len(c.own) == 0 && len(c.wrong) == max(c.met, 1) && !slices.ContainsFunc(c.wrong, func(w wrong) bool { return w.partly }) {
		what = "missing"
	}
	return fmt.Sprintf("Its log is %s: %s.", what, strings.Join(said, "; "))
}

// wrongsTold is how many parts are named that have no log.
const wrongsTold = 5

func (w wrong) said(only bool) string {
	text := sb.MessageOf(w.err)
	if w.of == "" || only {
		return text
	}
	return w.of + ": " + text
}
