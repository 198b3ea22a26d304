package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/client"
)

// there is a stand-in for Airflow as it is seen from its end: what was asked, and when.
type there struct {
	*airflowtest.Server
	mu    sync.Mutex
	asked []time.Time
	from  map[string]int // counts before the stretch that is looked at
}

// elsewhere is the name of the orchestrator under measurement.
const elsewhere = "elsewhere"

// standIn starts an Airflow with room for so many runs, which go on until they are ended.
func standIn(runs int) *there {
	t := &there{Server: airflowtest.New("3.3.1")}
	t.Change(airflowtest.Sleep, func(d *airflowtest.DAG) { d.MostActive = runs })
	t.Meddle(func(http.ResponseWriter, *http.Request, http.Handler) bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.asked = append(t.asked, time.Now())
		return false
	})
	return t
}

// stretch begins to count anew.
func (t *there) stretch() {
	counts := t.Counts()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.from = nil, counts
}

// kinds tells what was asked for in this stretch, and how often.
func (t *there) kinds() map[string]int {
	counts := t.Counts()
	t.mu.Lock()
	defer t.mu.Unlock()
	for what, n := range t.from {
		if counts[what] -= n; counts[what] == 0 {
			delete(counts, what)
		}
	}
	return counts
}

// rate is how many requests a second came in the busiest ten seconds of this stretch.
func (t *there) rate() float64 {
	const window = 10 * time.Second
	t.mu.Lock()
	defer t.mu.Unlock()
	most, first := 0, 0
	for last, at := range t.asked {
		for at.Sub(t.asked[first]) > window {
			first++
		}
		most = max(most, last-first+1)
	}
	return float64(most) / window.Seconds()
}

// looking are the requests that tell how runs stand; the others are about single runs, for people.
var looking = []string{"GET version", "POST token", "POST list", "GET run"}

// looked counts the requests that told how runs stand.
func looked(kinds map[string]int) (n int) {
	for _, what := range looking {
		n += kinds[what]
	}
	return n
}

func words(kinds map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, fmt.Sprintf("%d %s", kinds[what], what))
	}
	return strings.Join(all, ", ")
}

// register registers the stand-in with room for so many runs.
func (t *there) register(ctx context.Context, s *site, quota int) error {
	_, err := s.api.Orchestrators.Create(ctx, client.OrchestratorPatch{
		Name: elsewhere, Kind: sb.Airflow, Quota: &quota, Config: t.config(`, "rates": {"dispatches": 100}`),
		Secrets: map[string]json.RawMessage{"password": json.RawMessage(`"` + airflowtest.Admin + `"`)},
		Routes:  []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: airflowtest.Sleep}}},
	})
	return err
}

// rest sets the rates to what they are by default.
func (t *there) rest(ctx context.Context, s *site) error {
	_, err := s.api.Orchestrators.Patch(ctx, elsewhere, client.OrchestratorPatch{Config: t.config("")})
	return err
}

func (t *there) config(more string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"url": %q, "username": %q%s}`, t.URL, airflowtest.Admin, more))
}
