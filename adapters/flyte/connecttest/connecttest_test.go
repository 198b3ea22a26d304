package connecttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const runs = "flyteidl2.workflow.RunService/"

// call calls a method as any client of Connect would.
func call(t *testing.T, s *Server, method, body string) (status int, answer string) {
	t.Helper()
	res, err := s.Client().Post(s.URL+"/"+method, "application/json", bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, compact(b)
}

// compact takes away the blanks that protojson puts in at random.
func compact(b []byte) string {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return string(b)
	}
	return out.String()
}

func create(task, name, text string) string {
	return fmt.Sprintf(`{"runId": {"project": %q, "domain": %q, "name": %q},
		"taskId": {"org": "", "project": %q, "domain": %q, "name": %q, "version": "v1"},
		"inputs": {"literals": [{"name": "text", "value": {"scalar": {"primitive": {"stringValue": %q}}}}]}}`, Project, Domain, name, Project, Domain, task, text)
}

func id(name string) string {
	return fmt.Sprintf(`{"runId": {"project": %q, "domain": %q, "name": %q}}`, Project, Domain, name)
}

func TestRequestsAreReadByTheDefinitions(t *testing.T) {
	t.Parallel()
	s := Start(t)
	for name, c := range map[string]struct{ method, body, says string }{
		"an unknown field":         {"CreateRun", `{"runID": {}}`, "unknown field"},
		"two of a oneof":           {"CreateRun", `{"runId": {}, "projectId": {}}`, "oneof"},
		"none of a oneof":          {"CreateRun", `{"runId": {"project": "p", "domain": "d", "name": "n"}}`, "required in oneof"},
		"a name that is too long":  {"CreateRun", create(OK, "s01234567890123456789012345-100", ""), "at most 30 characters"},
		"a name that is no label":  {"CreateRun", create(OK, "Upper", ""), "DNS-1035"},
		"a message that is needed": {"GetRunDetails", `{}`, "run_id: value is required"},
		"an enum of other words":   {"ListRuns", `{"projectId": {"domain": "d", "name": "n"}, "request": {"filters": [{"function": "LIKE"}]}}`, "enum"},
	} {
		status, said := call(t, s, runs+c.method, c.body)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Contains(t, said, `"code":"invalid_argument"`, name)
		require.Contains(t, said, c.says, name)
	}
	status, _ := call(t, s, "api/v1/version", "")
	require.Equal(t, http.StatusNotFound, status)
	status, said := call(t, s, runs+"GetActionData", `{}`)
	require.Equal(t, http.StatusNotImplemented, status)
	require.Contains(t, said, `"unimplemented"`)
}

func TestItBehavesAsTheRealOneDoes(t *testing.T) {
	t.Parallel()
	s := Start(t)
	status, said := call(t, s, runs+"CreateRun", create("nowhere", "s1", ""))
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, said, `"code":"unknown"`)

	for _, text := range []string{"first", "second"} {
		status, said = call(t, s, runs+"CreateRun", create(OK, "s1", text))
		require.Equal(t, http.StatusOK, status, said)
	}
	inputs, _ := s.Sent("s1")
	require.Contains(t, inputs, "second", "a name used again overwrites the inputs")
	require.Equal(t, 2, s.Starts("s1"))

	s.Finish()
	_, said = call(t, s, runs+"GetRunDetails", id("s1"))
	require.Contains(t, said, "ACTION_PHASE_SUCCEEDED")
	status, _ = call(t, s, runs+"AbortRun", id("s1"))
	require.Equal(t, http.StatusOK, status)
	_, said = call(t, s, runs+"GetRunDetails", id("s1"))
	require.Contains(t, said, "ACTION_PHASE_ABORTED", "what had succeeded is an aborted one now")

	s.LoseQueue()
	status, _ = call(t, s, runs+"CreateRun", create(OK, "s2", ""))
	require.Equal(t, http.StatusOK, status)
	for range 9 {
		_, said = call(t, s, runs+"GetRunDetails", id("s2"))
	}
	require.Contains(t, said, "ACTION_PHASE_QUEUED")
}
