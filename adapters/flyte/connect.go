package flyte

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// The services of Flyte 2 that are called.
const (
	runService     = "flyteidl2.workflow.RunService/"
	taskService    = "flyteidl2.task.TaskService/"
	dataService    = "flyteidl2.dataproxy.DataProxyService/"
	projectService = "flyteidl2.project.ProjectService/"
)

// rootAction is the action that a run begins with: its own task.
const rootAction = "a0"

var _ protocol = (*connect)(nil)

// connect is a Flyte 2, reached by the Connect protocol. It is experimental: it was tried against a stand-in that is made
// from Flyte's interface definitions, and against no real server.
type connect struct {
	a        *Adapter
	creating singleflight.Group // one create of a name at a time
	tasks    sync.Map           // sb.Target → deployedTask
}

// detectConnect tells whether a Flyte 2 answers; nil when not. It is asked for the projects, which all may list who may do
// anything.
func (a *Adapter) detectConnect(ctx context.Context) (protocol, error) {
	r, err := connectRequest(outbound.Polls, projectService+"ListProjects", map[string]any{"limit": 1})
	if err != nil {
		return nil, err
	}
	reply, err := a.authorized(ctx, r)
	if err != nil {
		return nil, err
	}
	own := connectError(reply)
	switch {
	case reply.Status == http.StatusOK && reply.JSON() && objectOf(reply.Body) != nil, own != nil && own.code == "permission_denied":
		return &connect{a: a}, nil
	case own != nil && own.code == "unauthenticated":
		return nil, own.inWords("ListProjects")
	}
	return nil, nil //nolint:nilnil // it is none
}

// version is all that is known: no call tells more.
func (c *connect) version() string { return "Flyte 2 (experimental)" }

// connectRun names a run.
type connectRun struct {
	Org     string `json:"org,omitempty"`
	Project string `json:"project"`
	Domain  string `json:"domain"`
	Name    string `json:"name"`
}

// connectAction names an action of a run.
type connectAction struct {
	Run  connectRun `json:"run"`
	Name string     `json:"name"`
}

// connectTask names a task.
type connectTask struct {
	connectRun
	Version string `json:"version"`
}

// connectStatus is how an action stands.
type connectStatus struct {
	Phase    string     `json:"phase"`
	Start    *time.Time `json:"startTime"`
	End      *time.Time `json:"endTime"`
	Attempts int        `json:"attempts"`
}

// word is the phase as people know it, such as "running".
func (s connectStatus) word() string {
	return strings.ToLower(strings.TrimPrefix(s.Phase, "ACTION_PHASE_"))
}

// sight is the sight of a phase; what a later Flyte may add counts as active.
func (s connectStatus) sight() sb.Sight {
	switch s.word() {
	case "", "unspecified", "queued", "waiting_for_resources", "initializing":
		return sb.SeenWaiting
	case "succeeded", "recovered":
		return sb.SeenSucceeded
	case "failed", "timed_out":
		return sb.SeenFailed
	case "aborted":
		return sb.SeenStopped
	}
	return sb.SeenActive
}

func (s connectStatus) why() string {
	switch s.word() {
	case "waiting_for_resources":
		return "the cluster has no room for it at the moment, Flyte says"
	case "paused":
		return "it waits in Flyte for somebody's answer"
	}
	return ""
}

// connectListed is an action as lists have it.
type connectListed struct {
	ID       connectAction `json:"id"`
	Metadata struct {
		Task struct {
			ID connectTask `json:"id"`
		} `json:"task"`
	} `json:"metadata"`
	Status connectStatus `json:"status"`
}

// place is where the run of a root action is.
func (c *connect) place(r connectListed) sb.Place {
	t := r.Metadata.Task.ID
	return sb.Place{Target: sb.Target{Task: t.Name, Version: t.Version}, Name: r.ID.Run.Name, URL: c.url(r.ID.Run.Name)}
}

// run names a run in the registered project and domain.
func (c *connect) run(name string) connectRun {
	return connectRun{Org: c.org(), Project: c.a.set.Project, Domain: c.a.set.Domain, Name: name}
}

// org is the organisation that identifiers hold: as Flyte's own client does, the first part of the host's name where that
// has three. The open-source server does not look at it.
func (c *connect) org() string {
	if c.a.set.Organisation != "" {
		return c.a.set.Organisation
	}
	u, err := url.Parse(c.a.out.Base())
	if err != nil {
		return ""
	}
	labels := strings.Split(u.Hostname(), ".")
	if len(labels) < 3 || strings.Trim(u.Hostname(), "0123456789.") == "" {
		return ""
	}
	return labels[0]
}

// url is the page of a run.
func (c *connect) url(name string) string {
	s := c.a.set
	return fmt.Sprintf("%s/v2/domain/%s/project/%s/runs/%s", strings.TrimSuffix(cmp.Or(s.ConsoleURL, c.a.out.Base()), "/"), url.PathEscape(s.Domain), url.PathEscape(s.Project), url.PathEscape(name))
}

// ask calls a method that answers once.
func (c *connect) ask(ctx context.Context, share outbound.Share, method string, in, out any) error {
	return c.askWithin(ctx, share, method, 0, in, out)
}

// askWithin also tells the server when it is to give up, if that is not 0.
func (c *connect) askWithin(ctx context.Context, share outbound.Share, method string, within time.Duration, in, out any) error {
	r, err := connectRequest(share, method, in)
	if err != nil {
		return err
	}
	if within > 0 {
		r.Header.Set("Connect-Timeout-Ms", fmt.Sprint(within.Milliseconds()))
	}
	reply, err := c.a.authorized(ctx, r)
	if err != nil {
		return err
	}
	if err := c.verdict(method, reply); err != nil || out == nil {
		return err
	}
	if !reply.JSON() {
		return sb.Errorf(sb.Unavailable, "the answer is no JSON, perhaps the page of a proxy before Flyte")
	}
	if json.Unmarshal(reply.Body, out) != nil {
		return sb.Errorf(sb.Unavailable, "the answer is JSON that cannot be read")
	}
	return nil
}

func connectRequest(share outbound.Share, method string, in any) (outbound.Request, error) {
	body, err := json.Marshal(in)
	return outbound.Request{Share: share, Method: http.MethodPost, Path: method, Body: body, Header: http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"}, "Connect-Protocol-Version": {"1"},
	}}, err
}
