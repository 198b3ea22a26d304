package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	apiKey = `{"key":"API_KEY","description":"of the API","created_at":"2026-04-01T12:00:00Z","updated_at":"2026-05-01T11:00:00Z","updated_by":{"id":"1","name":"Zoë"}}`
	shown  = "Key:          API_KEY\nDescription:  of the API\nChanged:      1 hour ago\n"
)

func TestSecretsAndSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "value")
	require.NoError(t, os.WriteFile(file, []byte("line one\nline two\r\n"), 0o600))
	const all = `{"default_user_role":"guest","default_dataset_permission":"edit","default_operator_minimum_role":"member","default_operator_minimum_dataset_permission":"edit","all_runs_minimum_role":"member","api_key_roles":[],"just_in_time_users":false}`
	const table = "default_user_role:                            guest\ndefault_dataset_permission:                   edit\ndefault_operator_minimum_role:                member\ndefault_operator_minimum_dataset_permission:  edit\nall_runs_minimum_role:                        member\napi_key_roles:                                (none)\njust_in_time_users:                           false\n"
	for name, c := range map[string]struct {
		call, answer string
		stdin        string
		args         []string
		sent         string
		out, err     string
	}{
		"secrets are listed": {
			call: "GET /api/v1/secrets", answer: `{"items":[` + apiKey + `],"next_cursor":null}`, args: []string{"secrets", "list"},
			out: "KEY      DESCRIPTION  CHANGED     BY\nAPI_KEY  of the API   1 hour ago  Zoë\n",
		},
		"a value from standard input": {
			call: "POST /api/v1/secrets", answer: apiKey, stdin: "planted-value\n", args: []string{"secrets", "add", "API_KEY", "--description", "of the API"},
			sent: `{"key":"API_KEY","value":"planted-value","description":"of the API"}`, out: shown,
		},
		"a value from a file": {
			call: "PATCH /api/v1/secrets/API_KEY", answer: apiKey, args: []string{"secret", "update", "API_KEY", "--value-file", file},
			sent: `{"value":"line one\nline two"}`, out: shown,
		},
		"another description alone": {
			call: "PATCH /api/v1/secrets/API_KEY", answer: apiKey, stdin: "not read", args: []string{"secrets", "update", "API_KEY", "--description", ""},
			sent: `{"description":""}`, out: shown,
		},
		"a secret goes": {
			call: "DELETE /api/v1/secrets/API_KEY", args: []string{"secrets", "delete", "API_KEY"}, err: "Secret API_KEY is deleted.\n",
		},
		"the settings": {call: "GET /api/v1/settings", answer: all, args: []string{"settings", "show"}, out: table},
		"other settings": {
			call: "PATCH /api/v1/settings", answer: all, args: []string{"settings", "set", "default-user-role=guest", "api_key_roles=", "just_in_time_users=false"},
			sent: `{"api_key_roles":[],"default_user_role":"guest","just_in_time_users":false}`, out: table,
		},
		"what other settings would do": {
			call: "PATCH /api/v1/settings?dry_run=true", args: []string{"settings", "set", "api_key_roles=admin", "--dry-run"},
			answer: `{"gain":[],"lose":[{"role":"member","right":"api_keys","users":3,"service_accounts":1,"keys":5}]}`,
			sent:   `{"api_key_roles":["admin"]}`, err: "Nothing was changed.\n",
			out: "WOULD LOSE  THE RIGHT  USERS  SERVICE ACCOUNTS  KEYS\nmember      api_keys   3      1                 5\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Stdin = strings.NewReader(c.stdin)
			w.serve(c.call, c.answer)
			require.Equal(t, 0, w.do(c.args...), w.errors.String())
			require.Equal(t, c.out, w.out.String())
			require.Equal(t, c.err, w.errors.String())
			if c.sent != "" {
				require.Equal(t, []string{c.sent}, w.bodies)
			}
		})
	}
}

func TestASecretIsNoArgument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 2, w.do("secrets", "add", "API_KEY", "planted-value"))
	require.Contains(t, w.errors.String(), "standard input")
	require.NotContains(t, w.errors.String(), "planted")
	require.Equal(t, 2, w.do("settings", "set", "default_role=guest"))
	require.Contains(t, w.errors.String(), "settings show")
	require.Empty(t, w.bodies)
}
