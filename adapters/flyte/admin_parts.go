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

// nodesOfNone are nodes that Flyte puts around those of a workflow.
var nodesOfNone = []string{"start-node", "end-node"}

// parts tells of the nodes that run tasks, also in sub-workflows, branches and what tasks made, and of the elements of mapped ones.
func (f *admin) parts(ctx context.Context, at sb.Place) ([]sb.Part, error) {
	of := partsOf{admin: f, name: at.Name, left: nodesMost}
	return of.within(ctx, "")
}

// partsOf gathers the parts of an execution.
type partsOf struct {
	*admin
	name string
	left int // how many more nodes are looked at
}

// within gives the parts of the nodes that a node is the parent of, which a list of all leaves out; "" for the first ones.
func (f *partsOf) within(ctx context.Context, parent string) (parts []sb.Part, err error) {
	nodes, err := f.nodes(ctx, parent)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		id := n.object("id").text("node_id")
		if slices.Contains(nodesOfNone, id) || slices.Contains(nodesOfNone, n.object("metadata").text("spec_node_id")) {
			continue
		}
		of, err := f.of(ctx, id, n)
		if err != nil {
			return nil, err
		}
		parts = append(parts, of...)
	}
	return parts, nil
}

func (f *partsOf) nodes(ctx context.Context, parent string) (all []object, err error) {
	for token := ""; f.left > 0; {
		query := url.Values{"limit": {strconv.Itoa(nodesPage)}}
		for name, value := range map[string]string{"token": token, "unique_parent_id": parent} {
			if value != "" {
				query.Set(name, value)
			}
		}
		said, err := f.get(ctx, query, f.here("node_executions", f.name)...)
		if err != nil {
			return nil, err
		}
		page := said.list("node_executions")
		page = page[:min(len(page), f.left)]
		all, f.left = append(all, page...), f.left-len(page)
		if token = said.text("token"); len(page) < nodesPage || token == "" {
			break
		}
	}
	return all, nil
}

// arrayPlugin is what runs mapped tasks. Other plugins name resources too, which are no tasks.
const arrayPlugin = "k8s-array"

// of gives the part of a node, or those of the elements that it maps over, and those of the nodes that it is the parent of:
// one that runs no task itself is only told of while there are none.
func (f *partsOf) of(ctx context.Context, node string, n object) ([]sb.Part, error) {
	said, err := f.get(ctx, url.Values{"limit": {strconv.Itoa(nodesPage)}}, f.here("task_executions", f.name, node)...)
	if err != nil && sb.CodeOf(err) != sb.NotFound {
		return nil, err
	}
	tasks := said.list("task_executions")
	whole, c := f.partOf(f.name, node, n, tasks)
	data := c.object("metadata")
	if resources := data.list("external_resources"); data.text("plugin_identifier") == arrayPlugin && len(resources) > 0 {
		return elements(node, resources, whole.URL), nil
	}
	if !n.object("metadata").flag("is_parent_node") {
		return []sb.Part{whole}, nil
	}
	parts, err := f.within(ctx, node)
	if err != nil || len(tasks) == 0 && len(parts) > 0 {
		return parts, err
	}
	return append([]sb.Part{whole}, parts...), nil
}

// partOf is how the last task execution of a node stands, with its closure, or how the node stands itself.
func (f *admin) partOf(name, node string, n object, tasks []object) (sb.Part, object) {
	whole, c := sb.Part{Source: node, URL: f.page(name)}, n.object("closure")
	if other := c.object("workflow_node_metadata").object("execution_id"); other.text("project") == f.a.set.Project && other.text("domain") == f.a.set.Domain {
		whole.URL = f.page(other.text("name")) // it started another execution
	}
	for _, t := range tasks {
		if try := t.object("id").number("retry_attempt"); try >= whole.Try {
			whole.Try, c = try, t.object("closure")
		}
	}
	if len(tasks) == 0 {
		whole.First = 1 // it was not tried; tries count from 0
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
