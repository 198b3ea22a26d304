package workflows

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	sb "signalbox"
)

// The search attributes of a run's workflow, all of kind Keyword.
const (
	AttributeOperator     = "SignalboxOperator"
	AttributeDataset      = "SignalboxDataset"
	AttributeSubmitter    = "SignalboxSubmitter"
	AttributeOrchestrator = "SignalboxOrchestrator"
)

// SearchAttributes lists the search attributes.
func SearchAttributes() []string {
	return []string{AttributeOperator, AttributeDataset, AttributeSubmitter, AttributeOrchestrator}
}

// maxKeyword is the most characters a Keyword may have where Temporal keeps them in an SQL database.
const maxKeyword = 255

// askAgain is how long missing search attributes are taken as missing.
const askAgain = time.Minute

// attributes remembers whether the namespace has the search attributes.
type attributes struct {
	mu      sync.Mutex
	present bool
	missing time.Time // when they were found missing; zero: never
	told    bool      // whether the log has the commands
}

// hasAttributes tells whether workflows may be started with the search attributes. It registers those that the namespace
// does not have. Where that is not allowed, workflows start without them, and the log says once which commands register
// them; they are looked for again every minute. Errors: Unavailable (try again).
func (c *Client) hasAttributes(ctx context.Context) (bool, error) {
	a := &c.attributes
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.present || (!a.missing.IsZero() && time.Since(a.missing) < askAgain) {
		return a.present, nil
	}
	missing, err := c.register(ctx)
	if err != nil {
		return false, err
	}
	a.present = len(missing) == 0
	if !a.present {
		c.withoutAttributes(missing)
	}
	return a.present, nil
}

// withoutAttributes is called with the lock held.
func (c *Client) withoutAttributes(missing []string) {
	a := &c.attributes
	a.present, a.missing = false, time.Now()
	if !a.told {
		a.told = true
		c.log.Warnf("Temporal's namespace has no search attributes for runs, and they may not be registered from here; "+
			"workflows start without them. To register them:\n%s", commands(c.options.Namespace, missing))
	}
}

// refused notes that a start was refused for its search attributes, although they should be there.
func (c *Client) refused() {
	c.attributes.mu.Lock()
	defer c.attributes.mu.Unlock()
	c.withoutAttributes(SearchAttributes())
}

// register gives the attributes that are still missing because this client may not register them. One that may not even
// ask takes them as present; the start tells.
func (c *Client) register(ctx context.Context) (missing []string, err error) {
	operator := c.sdk.OperatorService()
	have, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: c.options.Namespace})
	if notAllowed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, c.unavailable(err)
	}
	want := map[string]enumspb.IndexedValueType{}
	for _, name := range SearchAttributes() {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing = append(missing, name)
			want[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: c.options.Namespace, SearchAttributes: want})
	var exists *serviceerror.AlreadyExists
	switch {
	case err == nil || errors.As(err, &exists):
		return nil, nil
	case notAllowed(err):
		return missing, nil
	}
	return nil, c.unavailable(err)
}

// notAllowed tells whether Temporal refuses for good: no right, no such call there, or no room for more attributes.
func notAllowed(err error) bool {
	var (
		denied  *serviceerror.PermissionDenied
		unknown *serviceerror.Unimplemented
		invalid *serviceerror.InvalidArgument
	)
	return errors.As(err, &denied) || errors.As(err, &unknown) || errors.As(err, &invalid)
}

func commands(namespace string, missing []string) string {
	lines := make([]string, len(missing))
	for i, name := range missing {
		lines[i] = "temporal operator search-attribute create --namespace " + namespace + " --name " + name + " --type Keyword"
	}
	return strings.Join(lines, "\n")
}

// attributesOf is what Temporal's pages can be searched by. A run without dataset has no dataset attribute.
func (o Options) attributesOf(run sb.Run) temporal.SearchAttributes {
	dataset, submitter := run.Dataset, run.CreatedBy.Name
	if !o.Names {
		dataset, submitter = run.DatasetID, run.CreatedBy.ID
	}
	values := []string{run.Operator, dataset, submitter, run.Orchestrator}
	var updates []temporal.SearchAttributeUpdate
	for i, name := range SearchAttributes() {
		if values[i] != "" {
			updates = append(updates, temporal.NewSearchAttributeKeyKeyword(name).ValueSet(shorten(values[i], maxKeyword)))
		}
	}
	return temporal.NewSearchAttributes(updates...)
}

// startOptions are the options of a run's workflow. The id may never be used again, not even after the workflow ended.
func (c *Client) startOptions(run sb.Run) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                                       run.Ref().Name(),
		TaskQueue:                                ControlQueue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true,
		StaticSummary:                            c.options.summary(run),
		StaticDetails:                            c.options.details(run),
	}
}
