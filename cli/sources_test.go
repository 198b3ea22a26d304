package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSources(t *testing.T) {
	t.Parallel()
	const vision = `{"id":"01S","name":"vision","kind":"fiftyone","database":"fiftyone","principal":"intake","default_permission":"none","intake":true,"mirror":false,
		"pools":["builtin/default"],"rules":[{"operators":["@acme/*"],"datasets":[],"orchestrator":"airflow"}],
		"state":{"connected":true,"seen_at":"2026-05-01T11:59:55Z","trouble":"","streams":true,"server":"6.0.5","datasets":3,"operations":1}}`
	const shown = "Name:            vision\nID:              01S\nDatabase:        fiftyone\nPrincipal:       intake\nDefault access:  none\nIntake:          yes\nMirror:          no\n" +
		"Pools:           builtin/default\nRule:            @acme/* on * to airflow\nState:           followed\nLast answer:     5 seconds ago\nMongoDB:         6.0.5\nDatasets:        3\nOperations:      1\n"
	uri := filepath.Join(t.TempDir(), "uri")
	require.NoError(t, os.WriteFile(uri, []byte("mongodb://from-a-file/\n"), 0o600))
	for name, c := range map[string]struct {
		call, stdin    string
		args           []string
		sent, out, err string
	}{
		"registered, with its address from standard input": {
			call: "POST /api/v1/sources", stdin: "mongodb://from-stdin/\n",
			args: []string{"sources", "add", "vision", "--principal", "intake", "--intake", "--pool", "builtin/default", "--rule", "@acme/*=airflow"},
			sent: `{"name":"vision","uri":"mongodb://from-stdin/","database":"fiftyone","principal":"intake","intake":true,"pools":["builtin/default"],"rules":[{"operators":["@acme/*"],"orchestrator":"airflow"}]}`,
			out:  shown,
		},
		"changed, with its address from a file": {
			call: "PATCH /api/v1/sources/vision", args: []string{"sources", "set", "vision", "--uri-file", uri, "--mirror", "--default-access", "view", "--rules", "[]"},
			sent: `{"uri":"mongodb://from-a-file/","default_permission":"view","mirror":true,"rules":[]}`, out: shown,
		},
		"shown":   {call: "GET /api/v1/sources/vision", args: []string{"sources", "show", "vision"}, out: shown},
		"removed": {call: "DELETE /api/v1/sources/vision", args: []string{"sources", "remove", "vision"}, err: "Source vision is removed.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Stdin = strings.NewReader(c.stdin)
			w.serve(c.call, vision)
			require.Equal(t, 0, w.do(c.args...), w.errors.String())
			require.Equal(t, c.out, w.out.String())
			require.Equal(t, c.err, w.errors.String())
			if c.sent != "" {
				require.Equal(t, []string{c.sent}, w.bodies)
			}
		})
	}
}
