package flyte

import (
	"context"
	"net/url"
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

// partsOf gives the part of a node: how its last task execution stands, or how it stands itself.
func (f *admin) partsOf(ctx context.Context, name, node string, n object) ([]sb.Part, error) {
	said, err := f.get(ctx, url.Values{"limit": {strconv.Itoa(nodesPage)}}, f.here("task_executions", name, node)...)
	if err != nil && sb.CodeOf(err) != sb.NotFound {
		return nil, err
	}
	whole := sb.Part{Source: node, Word: n.object("closure").text("phase"), URL: f.page(name)}
	whole.Sight = taskSight(whole.Word)
	last := object(nil)
	for _, t := range said.list("task_executions") {
		if try := t.object("id").number("retry_attempt"); last == nil || try >= whole.Try {
			last, whole.Try = t, try
		}
	}
	if last == nil {
		return []sb.Part{whole}, nil
	}
	c := last.object("closure")
	whole.Word, whole.Sight = c.text("phase"), taskSight(c.text("phase"))
	whole.URL = logLink(c, whole.URL)
	var elements []sb.Part
	for _, e := range c.object("metadata").list("external_resources") {
		if c.object("metadata").text("plugin_identifier") == "" && e.raw("index") == nil {
			continue
		}
		word := e.text("phase")
		elements = append(elements, sb.Part{
			Source: node + "[" + strconv.Itoa(e.number("index")) + "]", Try: e.number("retry_attempt"),
			Word: word, Sight: taskSight(word), URL: logLink(e, whole.URL),
		})
	}
	if len(elements) > 1 {
		return elements, nil
	}
	return []sb.Part{whole}, nil
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
