package workflows

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	sb "signalbox"
)

// cluster is a Temporal cluster that says what the test wants and remembers the starts.
type cluster struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	retention time.Duration
	namespace error
	has       []string // search attributes
	list, add error
	status    enumspb.WorkflowExecutionStatus
	start     func(*workflowservice.StartWorkflowExecutionRequest) error

	mu       sync.Mutex
	starts   []*workflowservice.StartWorkflowExecutionRequest
	listed   int
	addCalls int
}

func (c *cluster) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (c *cluster) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{
		Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(c.retention)},
	}, c.namespace
}

func (c *cluster) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed++
	custom := map[string]enumspb.IndexedValueType{}
	for _, name := range c.has {
		custom[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: custom}, c.list
}

func (c *cluster) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addCalls++
	return &operatorservice.AddSearchAttributesResponse{}, c.add
}

func (c *cluster) StartWorkflowExecution(_ context.Context, r *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starts = append(c.starts, r)
	if c.start != nil {
		if err := c.start(r); err != nil {
			return nil, serviceerror.ToStatus(err).Err()
		}
	}
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "r"}, nil
}

func (c *cluster) DescribeWorkflowExecution(context.Context, *workflowservice.DescribeWorkflowExecutionRequest) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "r"}, Type: &commonpb.WorkflowType{Name: runName}, Status: c.status,
	}}, nil
}

func (c *cluster) GetWorkflowExecutionHistory(context.Context, *workflowservice.GetWorkflowExecutionHistoryRequest) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: []*historypb.HistoryEvent{{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
			WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{},
		},
	}}}}, nil
}

// dial serves the cluster and dials it; the buffer gets the client's log.
func (c *cluster) dial(t *testing.T) (*Client, *bytes.Buffer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		answer, err := h(ctx, r)
		if err != nil {
			return nil, serviceerror.ToStatus(err).Err()
		}
		return answer, nil
	}))
	workflowservice.RegisterWorkflowServiceServer(server, c)
	operatorservice.RegisterOperatorServiceServer(server, c)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	said := &bytes.Buffer{}
	log := logrus.New()
	log.SetOutput(said)
	client, err := Dial(Options{Address: l.Addr().String(), Names: true, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() {
		client.Close()
		server.Stop()
		require.NoError(t, <-served)
	})
	return client, said
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cluster *cluster
		says    string
	}{
		"all is well":                {&cluster{retention: MinRetention}, ""},
		"it forgets too early":       {&cluster{retention: 24 * time.Hour}, "temporal operator namespace update --namespace default --retention 72h0m0s"},
		"there is no such namespace": {&cluster{namespace: serviceerror.NewNamespaceNotFound("default")}, `has no namespace "default"`},
		"it may not be asked":        {&cluster{namespace: serviceerror.NewPermissionDenied("no", "")}, "does not answer as it should"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := test.cluster.dial(t)
			err := client.Check(t.Context())
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, sb.Unavailable, sb.CodeOf(err))
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestStartWithAndWithoutSearchAttributes(t *testing.T) {
	t.Parallel()
	denied := serviceerror.NewPermissionDenied("no", "")
	unmapped := func(r *workflowservice.StartWorkflowExecutionRequest) error {
		if len(r.GetSearchAttributes().GetIndexedFields()) > 0 {
			return serviceerror.NewInvalidArgument("no mapping defined for search attribute SignalboxOperator")
		}
		return nil
	}
	tests := map[string]struct {
		cluster *cluster
		starts  int  // after two runs
		with    bool // the last start
		told    bool
		added   int
	}{
		"the namespace has them":                {&cluster{has: SearchAttributes()}, 2, true, false, 0},
		"they are registered":                   {&cluster{}, 2, true, false, 1},
		"another replica registered them":       {&cluster{add: serviceerror.NewAlreadyExists("there")}, 2, true, false, 1},
		"registering is not allowed":            {&cluster{add: denied}, 2, false, true, 1},
		"there is no room for more":             {&cluster{add: serviceerror.NewInvalidArgument("limit")}, 2, false, true, 1},
		"one may not even ask, but they exist":  {&cluster{list: denied}, 2, true, false, 0},
		"one may not even ask, and they do not": {&cluster{list: denied, start: unmapped}, 3, false, true, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := test.cluster
			client, said := cluster.dial(t)
			for range 2 {
				workflow, _, err := client.Start(t.Context(), aRun)
				require.NoError(t, err)
				require.Equal(t, "run:01k9:1", workflow)
			}
			require.Len(t, cluster.starts, test.starts)
			last := cluster.starts[len(cluster.starts)-1]
			require.Equal(t, test.with, len(last.GetSearchAttributes().GetIndexedFields()) == 4)
			require.Equal(t, test.told, strings.Contains(said.String(), "temporal operator search-attribute create --namespace default --name SignalboxOperator --type Keyword"))
			require.Equal(t, 1, cluster.listed)
			require.Equal(t, test.added, cluster.addCalls)
			require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, last.GetWorkflowIdReusePolicy())
			require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, last.GetWorkflowIdConflictPolicy())
			require.Equal(t, `{"run_id":"01k9","attempt":1,"orchestrator":"builtin","pool":"default"}`, string(last.GetInput().GetPayloads()[0].GetData()))
		})
	}
}

func TestStartedBefore(t *testing.T) {
	t.Parallel()
	already := func(*workflowservice.StartWorkflowExecutionRequest) error {
		return serviceerror.NewWorkflowExecutionAlreadyStarted("already", "q", "r")
	}
	tests := map[string]struct {
		status enumspb.WorkflowExecutionStatus
		code   sb.Code
		state  sb.CarrierState
	}{
		"still open": {enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "", sb.CarrierState{Open: true}},
		"paused":     {enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED, "", sb.CarrierState{Open: true}},
		"completed":  {enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, sb.Conflict, sb.CarrierState{Reason: "its workflow is closed: Completed"}},
		"failed":     {enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, sb.Conflict, sb.CarrierState{Reason: "its workflow is closed: Failed"}},
		"cancelled":  {enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, sb.Conflict, sb.CarrierState{Terminated: true, Reason: "cancelled in Temporal"}},
		"terminated": {enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, sb.Conflict, sb.CarrierState{Terminated: true, Reason: "terminated in Temporal"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := (&cluster{has: SearchAttributes(), status: test.status, start: already}).dial(t)
			_, _, err := client.Start(t.Context(), aRun)
			require.Equal(t, test.code, sb.CodeOf(err))
			state, err := client.State(t.Context(), aRun.Ref())
			require.NoError(t, err)
			require.Equal(t, test.state, state)
		})
	}
}

func TestDialReadsItsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, empty := filepath.Join(dir, "key"), filepath.Join(dir, "empty.pem")
	require.NoError(t, os.WriteFile(key, []byte("secret\n"), 0o600))
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	tests := map[string]struct {
		options Options
		says    string
	}{
		"nothing":              {Options{}, ""},
		"an API key":           {Options{APIKeyFile: key}, ""},
		"TLS":                  {Options{TLS: true}, ""},
		"a missing API key":    {Options{APIKeyFile: filepath.Join(dir, "none")}, "API key cannot be read"},
		"a missing CA":         {Options{CA: filepath.Join(dir, "none")}, "CA cannot be read"},
		"a CA without content": {Options{CA: empty}, "holds no certificate"},
		"a certificate alone":  {Options{Cert: empty}, "cannot be used"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Address = "127.0.0.1:1"
			client, err := Dial(test.options)
			if test.says == "" {
				require.NoError(t, err)
				client.Close()
				return
			}
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestWorkerWithoutTemporalWaitsAndStops(t *testing.T) {
	t.Parallel()
	client, err := Dial(Options{Address: "127.0.0.1:1"})
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	pool, err := Pool(client, "builtin", "default", 1, doerFunc(nil))
	require.NoError(t, err)
	require.NoError(t, pool.Run(ctx))
}
