package flyte

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

const (
	namesAtOnce = 100 // executions that a list is asked for by name
	straysPage  = 100
	getsAtOnce  = 4
	getsMost    = 20 // executions in a look that are asked for by themselves
)

// going are the phases of what has not ended.
var going = []string{"UNDEFINED", "QUEUED", "RUNNING", "SUCCEEDING", "FAILING", "ABORTING"}

// look lists the open executions by their names, a hundred at a time, and asks for the rest one by one: lists leave out
// what was archived. One more page shows what else goes on, for strays; the next look shows the page after it.
func (f *admin) look(ctx context.Context, open []sb.Place, installation string, from sb.Mark) (sb.View, error) {
	found, err := f.named(ctx, open)
	if err != nil {
		return sb.View{}, err
	}
	left, err := f.oneByOne(ctx, open, found)
	if err != nil {
		return sb.View{}, err
	}
	view := sb.View{Places: make([]sb.Seen, 0, len(open))}
	for _, at := range open {
		if left[at.Name] {
			continue
		}
		at.URL = f.page(at.Name)
		e, there := found[at.Name]
		if !there {
			view.Places = append(view.Places, sb.Seen{Place: at, Sight: sb.SeenGone, Word: "gone"})
			continue
		}
		view.Places = append(view.Places, seen(at, e))
	}
	view.Strays, view.Mark, err = f.strays(ctx, found, installation, from)
	return view, err
}

func (f *admin) named(ctx context.Context, open []sb.Place) (map[string]execution, error) {
	found := map[string]execution{}
	for places := range slices.Chunk(open, namesAtOnce) {
		names := make([]string, len(places))
		for i, at := range places {
			names[i] = at.Name
		}
		filter := "value_in(execution_name," + strings.Join(names, ";") + ")"
		page, _, err := f.list(ctx, filter, namesAtOnce, "")
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			found[e.name()] = e
		}
	}
	return found, nil
}

func (f *admin) list(ctx context.Context, filter string, limit int, token string) ([]execution, string, error) {
	query := url.Values{"filters": {filter}, "limit": {strconv.Itoa(limit)}}
	if token != "" {
		query.Set("token", token)
	}
	said, err := f.get(ctx, query, f.here("executions")...)
	if err != nil {
		return nil, "", err
	}
	var all []execution
	for _, one := range said.list("executions") {
		all = append(all, execution{one})
	}
	return all, said.text("token"), nil
}

// oneByOne asks for what no list had, and tells which are left for later: of many it asks for some, left to chance.
func (f *admin) oneByOne(ctx context.Context, open []sb.Place, found map[string]execution) (left map[string]bool, err error) {
	left = map[string]bool{}
	for _, at := range open {
		if _, there := found[at.Name]; !there {
			left[at.Name] = true
		}
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(getsAtOnce)
	asked := 0
	for name := range maps.Clone(left) {
		if asked++; asked > getsMost {
			break
		}
		delete(left, name)
		group.Go(func() error {
			e, err := f.execution(ctx, outbound.Polls, name)
			if err != nil {
				if sb.CodeOf(err) == sb.NotFound {
					err = nil
				}
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			found[name] = e
			return nil
		})
	}
	return left, group.Wait()
}

// strays reads one page of what goes on, and gives what is an installation's and was not asked for.
func (f *admin) strays(ctx context.Context, known map[string]execution, installation string, from sb.Mark) ([]sb.Stray, sb.Mark, error) {
	page, token, err := f.list(ctx, "value_in(phase,"+strings.Join(going, ";")+")", straysPage, string(from))
	if err != nil && from != "" { // the place in the list is none any more
		page, token, err = f.list(ctx, "value_in(phase,"+strings.Join(going, ";")+")", straysPage, "")
	}
	if err != nil {
		return nil, "", err
	}
	if len(page) < straysPage { // a full page has a token, the last one too
		token = ""
	}
	var all []sb.Stray
	for _, e := range page {
		_, asked := known[e.name()]
		if asked || !ourName.MatchString(e.name()) || e.notes()[noteInstallation] != installation {
			continue
		}
		at := sb.Place{Target: e.target(), Name: e.name(), URL: f.page(e.name())}
		all = append(all, sb.Stray{Seen: seen(at, e), Of: refOf(e.notes())})
	}
	return all, sb.Mark(token), nil
}

// seen is how an execution stands, in our words.
func seen(at sb.Place, e execution) sb.Seen {
	c := e.closure()
	s := sb.Seen{Place: at, Word: c.text("phase"), StartedAt: c.time("started_at")}
	s.Sight, s.Why = sight(c)
	if s.Sight.Over() {
		s.EndedAt = ended(c)
	}
	return s
}

// sight reads a closure's phase.
func sight(c object) (sb.Sight, string) {
	switch c.text("phase") {
	case "", "UNDEFINED":
		return sb.SeenWaiting, "Flyte has accepted the execution, and its engine has not taken it yet"
	case "QUEUED":
		return sb.SeenWaiting, ""
	case "RUNNING", "SUCCEEDING", "FAILING":
		return sb.SeenActive, ""
	case "ABORTING":
		return sb.SeenActive, "it is being terminated in Flyte"
	case "SUCCEEDED":
		return sb.SeenSucceeded, ""
	case "ABORTED":
		return sb.SeenStopped, "it was terminated in Flyte"
	case "FAILED":
		if c.time("started_at") == nil {
			return sb.SeenBroken, "Flyte accepted the execution and could not start it"
		}
		return sb.SeenFailed, ""
	case "TIMED_OUT":
		return sb.SeenFailed, "it ran into a time-out of Flyte"
	}
	return sb.SeenActive, "" // what a later Flyte may add
}

// ended is when it ended, by Flyte's clock.
func ended(c object) *time.Time {
	if began, took := c.time("started_at"), c.duration("duration"); began != nil && took > 0 {
		at := began.Add(took)
		return &at
	}
	return c.time("updated_at")
}
