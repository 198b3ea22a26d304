package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAuditList(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/audit?action=dataset&since=2026-04-30T12%3A00%3A00Z", `{"items":[
		{"id":"2","at":"2026-05-01T11:59:00Z","actor":{"id":"a","name":"Ana","kind":"user"},"action":"manage_dataset","object":{"kind":"dataset","id":"cats","name":""},
			"outcome":"refused","count":3,"address":"192.0.2.1","detail":null},
		{"id":"1","at":"2026-05-01T10:00:00Z","actor":null,"action":"dataset.create","object":{"kind":"dataset","id":"d","name":"dogs"},
			"outcome":"done","count":1,"address":"","detail":{"default_permission":"edit"}}],"next_cursor":null}`)
	require.Zero(t, w.do("audit", "list", "--action", "dataset", "--since", "24h"), w.errors.String())
	golden(t, `
		WHEN          WHO  DID             TO            OUTCOME          FROM       DETAIL
		1 minute ago  Ana  manage_dataset  dataset cats  refused 3 times  192.0.2.1
		2 hours ago        dataset.create  dataset dogs  done                        {"default_permission":"edit"}
		`, w.out.String())
	require.Equal(t, 2, w.do("audit", "list", "--until", "soon"))
	require.Contains(t, w.errors.String(), "--until is how long ago, such as 24h")
}

func TestAuditExport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/audit?actor=a&format=jsonl", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n")
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	require.Zero(t, w.do("audit", "export", file, "--actor", "a"), w.errors.String())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "{\"id\":\"1\"}\n{\"id\":\"2\"}\n", string(text))
	require.Zero(t, w.do("audit", "export", "-", "--actor", "a"))
	require.Equal(t, string(text), w.out.String())
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/doctor", `{"ok":true,"checks":[{"name":"database","ok":true,"detail":"ready","fix":""}]}`)
	require.Zero(t, w.do("doctor"), w.errors.String())
	require.Equal(t, "ok   database: ready\n", w.out.String())
	w.out.Reset()
	w.serve("GET /api/v1/doctor?audit_head=7%3Aab&verify_audit=true",
		`{"ok":false,"checks":[{"name":"audit log","ok":false,"detail":"the end was cut off: the last entry is 5, the head names 7","fix":"compare with a backup"}]}`)
	require.Equal(t, 1, w.do("doctor", "audit", "--head", "7:ab"))
	require.Equal(t, "BAD  audit log: the end was cut off: the last entry is 5, the head names 7\n     compare with a backup\n", w.out.String())
	w.out.Reset()
	require.Equal(t, 1, w.do("doctor", "audit", "--head", "7:ab", "-o", "json"))
	require.Contains(t, w.out.String(), `"ok": false`)
}
