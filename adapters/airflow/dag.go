package airflow

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	sb "signalbox"
)

// dagFresh is how long what is known of a DAG is believed, where it serves words for people or tells which task has the result.
const dagFresh = 30 * time.Second

// dagInfo is a DAG as both APIs tell of it.
type dagInfo struct {
	Paused     bool  `json:"is_paused"`
	Active     *bool `json:"is_active"` // Airflow 2
	Stale      bool  `json:"is_stale"`  // Airflow 3
	Broken     bool  `json:"has_import_errors"`
	MostActive int   `json:"max_active_runs"`
	Params     map[string]param
}

// param is what a DAG declares about a key of conf.
type param struct {
	Value  json.RawMessage `json:"value"`
	Schema json.RawMessage `json:"schema"`
}

type knownDAG struct {
	dagInfo
	gone bool
}

// cache is what is known of DAGs for a short time.
type cache[T any] struct {
	mu    sync.Mutex
	known map[string]kept[T]
}

type kept[T any] struct {
	value T
	at    time.Time
}

func (c *cache[T]) get(id string, now time.Time) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[id]
	return k.value, ok && now.Sub(k.at) < dagFresh
}

func (c *cache[T]) put(id string, value T, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) > 1000 {
		c.known = map[string]kept[T]{}
	}
	c.known[id] = kept[T]{value, now}
}

func (c *cache[T]) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, id)
}

// dag asks for a DAG, and remembers the answer.
func (a *Adapter) dag(ctx context.Context, id string) (dagInfo, error) {
	var d dagInfo
	err := a.ask(ctx, get("dags", id), &d)
	if err == nil || sb.CodeOf(err) == sb.NotFound {
		a.dags.put(id, knownDAG{dagInfo: d, gone: err != nil}, a.around.now())
	}
	return d, err
}

// details asks for a DAG with its params.
func (a *Adapter) details(ctx context.Context, id string) (dagInfo, error) {
	var d dagInfo
	err := a.ask(ctx, get("dags", id, "details"), &d)
	return d, err
}
