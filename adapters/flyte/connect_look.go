package flyte

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// How a look reads.
const (
	connectPage  = 200 // what the server gives at most
	connectPages = 10  // of runs that have not ended, anybody's; what is ours beyond is a stray that is found later
	straysAsked  = 20  // runs in a look that are asked whose they are
)

// connectFilter is a condition of a list. The server combines several by and.
type connectFilter struct {
	Function string   `json:"function"`
	Field    string   `json:"field"`
	Values   []string `json:"values"`
}

// oneOf is the condition that a field has one of the values. A list of one is no list to the server's database.
func oneOf(field string, values []string) connectFilter {
	if len(values) == 1 {
		return connectFilter{Function: "EQUAL", Field: field, Values: values}
	}
	return connectFilter{Function: "VALUE_IN", Field: field, Values: values}
}

// notOver are the phases of runs that have not ended, by their numbers, as filters want them.
var notOver = []string{"0", "1", "2", "3", "4", "9"}

// list reads runs page by page, as long as each wants more.
func (c *connect) list(ctx context.Context, share outbound.Share, f connectFilter, each func(connectListed) (more bool)) error {
	s := c.a.set
	request := map[string]any{"limit": connectPage, "filters": []connectFilter{f}}
	for range connectPages {
		var page struct {
			Runs []struct {
				Action connectListed `json:"action"`
			} `json:"runs"`
			Token string `json:"token"`
		}
		err := c.ask(ctx, share, runService+"ListRuns", map[string]any{
			"request":   request,
			"projectId": map[string]string{"organization": c.org(), "domain": s.Domain, "name": s.Project},
		}, &page)
		if err != nil {
			return err
		}
		for _, r := range page.Runs {
			if !each(r.Action) {
				return nil
			}
		}
		if page.Token == "" || len(page.Runs) == 0 {
			return nil
		}
		request["token"] = page.Token
	}
	return nil
}

// find looks runs up by their names, so many a call. What it does not give is not there: unlike a call for one run, a list
// says so when the server's database is away. Of a server that passes over the names nothing is believed.
func (c *connect) find(ctx context.Context, share outbound.Share, names []string) (map[string]connectListed, error) {
	found := map[string]connectListed{}
	for some := range slices.Chunk(names, connectPage) {
		alien := false
		err := c.list(ctx, share, oneOf("run_name", some), func(r connectListed) bool {
			found[r.ID.Run.Name] = r
			alien = !slices.Contains(some, r.ID.Run.Name)
			return !alien
		})
		if err == nil && alien {
			err = sb.Errorf(sb.Unavailable, "this Flyte lists runs without looking at the names that are asked for; a newer one is needed")
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// look finds the open places by their names, then lists what has not ended for strays.
func (c *connect) look(ctx context.Context, open []sb.Place, installation string, from sb.Mark) (sb.View, error) {
	names := make([]string, 0, len(open))
	for _, p := range open {
		names = append(names, p.Name)
	}
	found, err := c.find(ctx, outbound.Polls, names)
	if err != nil {
		return sb.View{}, err
	}
	view := sb.View{Places: make([]sb.Seen, 0, len(open))}
	for _, p := range open {
		r, ok := found[p.Name]
		if !ok {
			view.Places = append(view.Places, sb.Seen{Place: p, Sight: sb.SeenGone, Word: "gone"})
			continue
		}
		p.URL = c.url(p.Name)
		view.Places = append(view.Places, r.seen(p))
	}
	view.Strays, view.Mark, err = c.strays(ctx, names, installation, from)
	return view, err
}

func (r connectListed) seen(p sb.Place) sb.Seen {
	s := r.Status
	return sb.Seen{Place: p, Sight: s.sight(), Word: s.word(), Why: s.why(), StartedAt: s.Start, EndedAt: s.End}
}

// connectMark is what was found out about runs with names like ours that were no open places: whose they are, the zero
// attempt when they are of another installation.
type connectMark map[string]sb.AttemptRef

// strays lists what has not ended, has a name like ours and is no open place. Whose it is, only its annotations tell, and
// no list has those: each is asked once, a few in a look, and the mark keeps the answer.
func (c *connect) strays(ctx context.Context, open []string, installation string, from sb.Mark) ([]sb.Stray, sb.Mark, error) {
	alike := map[string]connectListed{}
	err := c.list(ctx, outbound.Polls, oneOf("phase", notOver), func(r connectListed) bool {
		if ourName.MatchString(r.ID.Run.Name) {
			alike[r.ID.Run.Name] = r
		}
		return true
	})
	for _, name := range open {
		delete(alike, name)
	}
	if err != nil {
		return nil, "", err
	}
	before, after := connectMark{}, connectMark{}
	_ = json.Unmarshal([]byte(from), &before) // a mark that is none of ours is a first look
	var all []sb.Stray
	asked := 0
	for _, name := range slices.Sorted(maps.Keys(alike)) {
		of, told := before[name]
		if !told && asked < straysAsked {
			asked++
			if of, told, err = c.whose(ctx, name, installation); err != nil {
				return nil, "", err
			}
		}
		if told {
			after[name] = of
		}
		if of.Run != "" {
			all = append(all, sb.Stray{Seen: alike[name].seen(c.place(alike[name])), Of: of})
		}
	}
	mark, err := json.Marshal(after)
	return all, sb.Mark(mark), err
}

// whose tells which attempt of an installation a run is: the zero one when it is of another. Nothing is told about one
// that has gone meanwhile.
func (c *connect) whose(ctx context.Context, name, installation string) (of sb.AttemptRef, told bool, err error) {
	d, err := c.details(ctx, outbound.Polls, name)
	if sb.CodeOf(err) == sb.NotFound {
		return of, false, nil
	}
	if notes := d.RunSpec.Annotations.Values; err == nil && notes[noteInstallation] == installation {
		of = refOf(notes)
	}
	return of, err == nil, err
}
