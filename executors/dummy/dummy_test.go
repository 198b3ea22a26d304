package dummy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/executors/dummy"
	"signalbox/executors/executortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func job(_ *testing.T, name string) sb.Job {
	params := map[string]string{
		executortest.Fail: `{"message":"broken"}`,
		executortest.Log:  `{"bytes":10000,"message":"123456789"}`,
	}
	return sb.Job{
		Process:  sb.Process{AttemptRef: sb.AttemptRef{Run: name, Attempt: 1}, Source: sb.MainSource},
		Operator: "@signalbox/dummy/" + name, Command: []string{name}, Params: json.RawMessage(params[name]),
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	executortest.Run(t, func(*testing.T) executortest.Subject {
		return executortest.Subject{Executor: dummy.Executor{}, Job: job}
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, operator, params string
		end                    sb.End
		reports                *executortest.Reports
	}{
		{
			name: "ok reports the result it is given", operator: "ok", params: `{"result":{"n":1}}`, end: exit(0),
			reports: &executortest.Reports{Result: json.RawMessage(`{"n":1}`)},
		},
		{
			name: "fail reports its message", operator: "fail", params: `{"message":"no luck"}`, end: exit(1),
			reports: &executortest.Reports{Failure: "no luck"},
		},
		{
			name: "sleep reports its progress in tenths", operator: "sleep", params: `{"seconds":0.001}`, end: exit(0),
			reports: &executortest.Reports{Fractions: []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var reports executortest.Reports
			j := sb.Job{
				Operator: "@signalbox/dummy/" + c.operator, Command: []string{"signalbox-dummy"},
				Params: json.RawMessage(c.params), Stdout: io.Discard, Stderr: io.Discard, Report: &reports,
			}
			end, err := dummy.Executor{}.Execute(t.Context(), j, func() {})
			require.NoError(t, err)
			require.Equal(t, c.end, end)
			require.Equal(t, c.reports.Fractions, reports.Fractions)
			require.Equal(t, c.reports.Result, reports.Result)
			require.Equal(t, c.reports.Failure, reports.Failure)
		})
	}
}

func TestLogWritesAsMuchAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, params string
		bytes        int
	}{
		{"bytes in whole lines", `{"bytes":101,"message":"123456789"}`, 110},
		{"a size as text", `{"size":"10MB","message":"123456789"}`, 10_000_000},
		{"a size in binary units", `{"size":"3 MiB","message":"1"}`, 3 << 20},
		{"lines", `{"lines":7,"message":"123456789"}`, 70},
		{"a MiB without a word", `{"message":"1"}`, 1 << 20},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			j := job(t, "log")
			j.Params, j.Stdout = json.RawMessage(c.params), &out
			_, err := dummy.Executor{}.Execute(t.Context(), j, func() {})
			require.NoError(t, err)
			require.Equal(t, c.bytes, out.Len())
		})
	}
}

func TestParamsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for _, params := range []string{`{"size":"much"}`, `{"size":"1TB"}`, `{"size":-1}`, `{"size":"9999999999GB"}`, `{"seconds":"1"}`, `[]`} {
		j := job(t, "log")
		j.Params = json.RawMessage(params)
		_, err := dummy.Executor{}.Execute(t.Context(), j, func() { require.Fail(t, "it began") })
		require.Equal(t, sb.Invalid, sb.CodeOf(err), params)
	}
}

func exit(code int) sb.End { return sb.End{ExitCode: &code} }
