package flyte

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	sb "signalbox"
)

const (
	nodesMost = 200 // of one execution
	nodesPage = 100
)

// parts tells of the nodes that run tasks, and of the elements of mapped ones.
func (f *admin) parts(ctx context.Context, at sb.Place) ([]sb.Part, error) {
	nodes, err := f.nodes(ctx, at.Name)
	if err != nil {
		return nil, err
	}
	var parts []sb.Part
	for _, n := range nodes {
		id := n.object("id").text("node_id")
		if id == "start-node" || id == "end-node" {
			continue
		}
		of, err := f.partsOf(ctx, at.Name, id, n)
		if err != nil {
			return nil, err
		}
		parts = append(parts, of...)
	}
	return parts, nil
}

func (f *admin) nodes(ctx context.Context, name string) ([]object, error) {
	var all []object
	for token := ""; ; {
		query := url.Values{"limit": {strconv.Itoa(nodesPage)}}
		if token != "" {
			query.Set("token", token)
		}
		said, err := f.get(ctx, query, f.here("node_executions", name)...)
		if err != nil {
			return nil, err
		}
		page := said.list("node_executions")
		all = append(all, page...)
		token = said.text("token")
		if len(page) < nodesPage || token == "" || len(all) >= nodesMost {
			return all, nil
		}
	}
}

// arrayPlugin is what runs mapped tasks. Other plugins name resources too, which are no tasks.
const arrayPlugin = "k8s-array"

// partsOf gives the part of a node, or those of the elements that it maps over.
func (f *admin) partsOf(ctx context.Context, name, node string, n object) ([]sb.Part, error) {
	said, err := f.get(ctx, url.Values{"limit": {strconv.Itoa(nodesPage)}}, f.here("task_executions", name, node)...)
	if err != nil && sb.CodeOf(err) != sb.NotFound {
		return nil, err
	}
	whole, c := f.partOf(name, node, n, said.list("task_executions"))
	data := c.object("metadata")
	if resources := data.list("external_resources"); data.text("plugin_identifier") == arrayPlugin && len(resources) > 0 {
		return elements(node, resources, whole.URL), nil
	}
	return []sb.Part{whole}, nil
}

// partOf is how the last task execution of a node stands, with its closure, or how the node stands itself.
func (f *admin) partOf(name, node string, n object, tasks []object) (sb.Part, object) {
	whole, c := sb.Part{Source: node, URL: f.page(name)}, n.object("closure")
	if len(tasks) == 0 {
		whole.First = 1 // it was not tried; tries count from 0
	}
	for _, t := range tasks {
		if try := t.object("id").number("retry_attempt"); try >= whole.Try {
			whole.Try, c = try, t.object("closure")
		}
	}
	if len(tasks) == 0 {
		whole.First = 1 // it was not tried
	}
	whole.Word, whole.URL = c.text("phase"), logLink(c, whole.URL)
	whole.Sight = taskSight(whole.Word)
	return whole, c
}

// elements are the parts of a mapped task, by index. Flyte lists each try of each: the last counts.
func elements(node string, resources []object, page string) []sb.Part {
	last := map[int]sb.Part{}
	for _, e := range resources {
		index, try := e.number("index"), e.number("retry_attempt")
		if before, has := last[index]; has && before.Try > try {
			continue
		}
		word := e.text("phase")
		last[index] = sb.Part{
			Source: node + "[" + strconv.Itoa(index) + "]", Try: try, Word: word, Sight: taskSight(word), URL: logLink(e, page),
		}
	}
	all := make([]sb.Part, 0, len(last))
	for _, index := range slices.Sorted(maps.Keys(last)) {
		all = append(all, last[index])
	}
	return all
}

// logLink is the first link to a log that a web page can follow.
func logLink(c object, otherwise string) string {
	for _, l := range c.list("logs") {
		if uri := l.text("uri"); strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "http://") {
			return uri
		}
	}
	return otherwise
}

// taskSight is the sight of a phase of a node or task; what a later Flyte may add counts as active.
func taskSight(word string) sb.Sight {
	switch word {
	case "", "UNDEFINED", "QUEUED", "INITIALIZING", "WAITING_FOR_RESOURCES", "RETRYABLE_FAILED":
		return sb.SeenWaiting
	case "SUCCEEDED", "SKIPPED", "RECOVERED":
		return sb.SeenSucceeded
	case "FAILED", "TIMED_OUT":
		return sb.SeenFailed
	case "ABORTED":
		return sb.SeenStopped
	}
	return sb.SeenActive
}
