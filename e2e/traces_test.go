//go:build e2e

package e2e

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver takes spans as a collector does.
type receiver struct {
	mu    sync.Mutex
	spans []*tracepb.Span
	text  strings.Builder // everything that came, readable
	more  chan struct{}
}

func newReceiver(t *testing.T) (*receiver, string) {
	t.Helper()
	r := &receiver{more: make(chan struct{}, 1)}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s.URL
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var in collector.ExportTraceServiceRequest
	if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.WriteString(in.String())
	for _, of := range in.GetResourceSpans() {
		for _, in := range of.GetScopeSpans() {
			r.spans = append(r.spans, in.GetSpans()...)
		}
	}
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// namesIn are the spans of a trace that are there.
func (r *receiver) namesIn(id string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, s := range r.spans {
		if hex.EncodeToString(s.GetTraceId()) == id {
			names = append(names, s.GetName())
		}
	}
	return names
}

// await waits until all the spans are in one trace.
func (r *receiver) await(t *testing.T, id string, names ...string) {
	t.Helper()
	late := time.After(patience)
	for {
		have := r.namesIn(id)
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(have, name) })
		if len(missing) == 0 {
			return
		}
		select {
		case <-r.more:
		case <-late:
			t.Fatalf("the trace misses %q; it has %q", missing, have)
		}
	}
}

func TestOneTraceFromScheduleToEnd(t *testing.T) {
	t.Parallel()
	const trace, hidden = "4bf92f3577b34da6a3ce929d0e0e4736", "a-word-that-stays-here"
	r, url := newReceiver(t)
	w := newWorld(t)
	n := w.dev("OTEL_EXPORTER_OTLP_ENDPOINT="+url, "OTEL_SERVICE_NAME=signalbox-test", "OTEL_BSP_SCHEDULE_DELAY=100")
	w.installMarks()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/api/v1/runs",
		strings.NewReader(`{"operator":"`+tell+`","label":"`+hidden+`","params":{"seconds":0,"`+hidden+`":"`+hidden+`"}}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+w.adminKey())
	req.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	answer, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusAccepted, answer.StatusCode)

	r.await(t, trace, "POST /api/v1/runs", "run scheduled", "StartWorkflow:Run", "RunWorkflow:Run", "StartActivity:Work",
		"RunActivity:Work", "call claim", "POST /api/v1/work/claim", "POST /api/v1/work/:run/start", "run queued", "call end", "run running")
	require.Zero(t, n.end())
	log, err := os.ReadFile(filepath.Join(w.dir, "signalbox.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), `"trace_id":"`+trace+`"`)
	r.mu.Lock()
	defer r.mu.Unlock()
	text := r.text.String()
	require.Contains(t, text, "signalbox-test")
	require.Contains(t, text, "signalbox.run")
	for _, secret := range []string{hidden, "sbk_", "sbr_", "sbo_", "line 1", "halfway"} {
		require.NotContains(t, text, secret)
	}
}
