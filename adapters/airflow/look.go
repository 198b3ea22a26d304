package airflow

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// How a look reads.
const (
	dagsAtOnce   = 200              // DAGs a list is asked for
	lookBehind   = 60 * time.Second // how far before the mark it reads again
	finishedMost = 20               // pages of finished runs; what was not met by then is asked for by itself
	fatMost      = 20               // runs that are too large for an answer, of one list
	getsAtOnce   = 4
	getsMost     = 16 // runs that are asked for by themselves in one look
	rememberDAGs = 200
)

// mark is what a look leaves for the next: times there, never ours.
type mark struct {
	End  time.Time `json:"end"`  // the newest end that was seen
	DAGs []string  `json:"dags"` // where our runs were, the latest first: what is left there of ours is a stray
}

func readMark(m sb.Mark) mark {
	var read mark
	_ = json.Unmarshal([]byte(m), &read) // a mark that is none of ours is a first look
	return read
}

func (m mark) write() sb.Mark {
	b, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return sb.Mark(b)
}

// key tells runs apart.
type key struct{ dag, run string }

func keyOf(p sb.Place) key { return key{p.Target.DAG, p.Name} }

// look is one look at all open places.
type look struct {
	a       *Adapter
	api     api
	prefix  string // of our runs
	mark    mark
	page    int
	missing map[key]sb.Place // not met yet
	seen    map[key]dagRun
	strays  map[key]dagRun
	running map[string]int // by DAG, anybody's
}

// Look lists what is queued and running in the DAGs of the places, then what has finished since the mark, newest first,
// and asks for the rest one by one. See sb.Adapter.
func (a *Adapter) Look(ctx context.Context, open []sb.Place, installation string, from sb.Mark) (sb.View, error) {
	ctx, calls := counted(ctx)
	api, err := a.api(ctx)
	if err != nil {
		return sb.View{}, err
	}
	l := &look{
		a: a, api: api, prefix: prefixOf(installation), mark: readMark(from), page: a.pageSize(api.version()),
		missing: map[key]sb.Place{}, seen: map[key]dagRun{}, strays: map[key]dagRun{}, running: map[string]int{},
	}
	for _, p := range open {
		l.missing[keyOf(p)] = p
	}
	l.mark.DAGs = withDAGs(l.mark.DAGs, open)
	if err := l.read(ctx); err != nil {
		return sb.View{}, err
	}
	view := sb.View{Places: l.places(ctx, open), Strays: l.others(), Mark: l.mark.write(), Version: api.version().text}
	view.Calls = int(calls.Load())
	return view, nil
}

// pageSize is what one list may hold without harm: before 3.2 Airflow 3 asks its database again for every run.
func (a *Adapter) pageSize(v version) int {
	switch {
	case v.major == 3 && v.before(3, 2, 0):
		return 100
	case a.set.Auth == byMWAA:
		return 200
	}
	return 500
}

// withDAGs puts the DAGs of the places before those that are remembered.
func withDAGs(known []string, open []sb.Place) []string {
	var all []string
	met := map[string]bool{"": true}
	add := func(dag string, most int) {
		if !met[dag] && len(all) < most {
			met[dag] = true
			all = append(all, dag)
		}
	}
	for _, p := range open {
		add(p.Target.DAG, len(open))
	}
	for _, dag := range known {
		add(dag, rememberDAGs)
	}
	return all
}

func (l *look) read(ctx context.Context) error {
	for dags := range slices.Chunk(l.mark.DAGs, dagsAtOnce) {
		if err := l.active(ctx, dags); err != nil {
			return err
		}
	}
	since, newest := l.mark.End, l.mark.End
	for dags := range slices.Chunk(l.mark.DAGs, dagsAtOnce) {
		last, err := l.finished(ctx, dags, since)
		if err != nil {
			return err
		}
		if last.After(newest) {
			newest = last
		}
	}
	l.mark.End = newest
	return l.oneByOne(ctx)
}

func (l *look) active(ctx context.Context, dags []string) error {
	filter := map[string]any{"dag_ids": dags, "states": []string{"queued", "running"}, "order_by": "id"}
	return l.list(ctx, filter, func(page []dagRun, _ int) bool {
		for _, r := range page {
			if r.State == "running" {
				l.running[r.DAG]++
			}
			l.met(r)
		}
		return true
	})
}

// finished reads ends from the newest to the mark, or until nothing is missing, and gives the newest.
func (l *look) finished(ctx context.Context, dags []string, since time.Time) (newest time.Time, err error) {
	filter := map[string]any{"dag_ids": dags, "states": []string{"success", "failed"}, "order_by": "-end_date"}
	if !since.IsZero() {
		filter["end_date_gte"] = since.Add(-lookBehind).UTC().Format(time.RFC3339Nano)
	}
	err = l.list(ctx, filter, func(page []dagRun, pages int) bool {
		for _, r := range page {
			if r.End != nil && r.End.After(newest) {
				newest = *r.End
			}
			l.met(r)
		}
		return len(l.missing) > 0 && pages < finishedMost
	})
	return newest, err
}

func (l *look) met(r dagRun) {
	k := key{r.DAG, r.Name}
	switch _, open := l.missing[k]; {
	case open:
		l.seen[k] = r
		delete(l.missing, k)
	case strings.HasPrefix(r.Name, l.prefix) && !l.known(k):
		l.strays[k] = r
	}
}

func (l *look) known(k key) bool { _, ok := l.seen[k]; return ok }

// list reads pages until the last one or until each says no. A page that is too large is asked for again in parts; a
// single run that is too large is passed over, as long as there are few: it is not ours, because ours are small.
func (l *look) list(ctx context.Context, filter map[string]any, each func(page []dagRun, pages int) bool) error {
	size, fat := l.page, 0
	for offset, pages := 0, 1; ; pages++ {
		var got struct {
			Runs  []dagRun `json:"dag_runs"`
			Total *int     `json:"total_entries"`
		}
		filter["page_limit"], filter["page_offset"] = size, offset
		err := l.a.ask(ctx, call{
			share: outbound.Polls, method: http.MethodPost, path: []string{"dags", "~", "dagRuns", "list"}, body: filter,
		}, &got)
		switch {
		case sb.CodeOf(err) == sb.TooLarge && size > 1:
			size = max(size/4, 1)
			continue
		case sb.CodeOf(err) == sb.TooLarge && fat < fatMost:
			offset, fat = offset+1, fat+1
			continue
		case err != nil:
			return err
		}
		offset += len(got.Runs)
		last := len(got.Runs) == 0 || len(got.Runs) < size && got.Total == nil || got.Total != nil && offset >= *got.Total
		if more := each(got.Runs, pages); last || !more {
			return nil
		}
		size = min(4*size, l.page)
	}
}

// oneByOne asks for what no list had: of many some, which ones is left to chance. The others stay missing.
func (l *look) oneByOne(ctx context.Context) error {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(getsAtOnce)
	asked := 0
	for k := range l.missing {
		if asked++; asked > getsMost {
			break
		}
		delete(l.missing, k)
		group.Go(func() error {
			var r dagRun
			err := l.a.ask(ctx, get("dags", k.dag, "dagRuns", k.run), &r)
			if sb.CodeOf(err) == sb.NotFound {
				return nil
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				l.seen[k] = r
			}
			return err
		})
	}
	return group.Wait()
}

// places gives the sight of every open place, in the order they came in.
func (l *look) places(ctx context.Context, open []sb.Place) []sb.Seen {
	all := make([]sb.Seen, 0, len(open))
	for _, p := range open {
		if _, left := l.missing[keyOf(p)]; left {
			continue
		}
		r, ok := l.seen[keyOf(p)]
		if !ok {
			all = append(all, sb.Seen{Place: p, Sight: sb.SeenGone, Word: "gone"})
			continue
		}
		p.URL = l.api.runURL(l.a.out.Base(), r.DAG, r.Name)
		all = append(all, sight(p, r))
	}
	l.why(ctx, all)
	return all
}

func sight(p sb.Place, r dagRun) sb.Seen {
	s := sb.Seen{Place: p, Sight: runSight(r), Word: r.State, StartedAt: r.Start, EndedAt: r.End}
	if s.Sight == sb.SeenStopped {
		s.Why = "it was set to failed in Airflow before it had begun"
	}
	return s
}

func (l *look) others() []sb.Stray {
	var all []sb.Stray
	for k, r := range l.strays {
		of, ours := refOf(l.prefix, r.Name)
		if l.known(k) || !ours {
			continue
		}
		p := sb.Place{Target: sb.Target{DAG: r.DAG}, Name: r.Name, URL: l.api.runURL(l.a.out.Base(), r.DAG, r.Name)}
		all = append(all, sb.Stray{Seen: sight(p, r), Of: of})
	}
	slices.SortFunc(all, func(a, b sb.Stray) int { return strings.Compare(a.Name, b.Name) })
	return all
}
