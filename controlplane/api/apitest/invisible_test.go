package apitest

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// What may not be seen answers with the bytes of what does not exist, on every path about a dataset.
func TestNoAccessLooksLikeNotExisting(t *testing.T) {
	t.Parallel()
	o := setup(t)
	hidden := o.dataset("hidden", sb.NoAccess)
	gus := o.someone("gus", sb.Member)
	group := o.group("some")
	for _, row := range []struct{ method, path, body string }{
		{"GET", "/datasets/%", ""},
		{"PATCH", "/datasets/%", `{"name":"mine"}`},
		{"PATCH", "/datasets/%?dry_run=true", `{"default_permission":"edit"}`},
		{"DELETE", "/datasets/%", ""},
		{"POST", "/datasets/%/clone", `{"name":"copy"}`},
		{"GET", "/datasets/%/access", ""},
		{"GET", "/datasets/%/access/groups", ""},
		{"GET", "/datasets/%/access/candidates?search=an", ""},
		{"PUT", "/datasets/%/access/users/" + gus.ID, `{"permission":"view"}`},
		{"PUT", "/datasets/%/access/users/" + gus.ID + "?dry_run=true", `{"permission":"view"}`},
		{"DELETE", "/datasets/%/access/users/" + gus.ID, ""},
		{"PUT", "/datasets/%/access/groups/" + group, `{"permission":"view"}`},
		{"DELETE", "/datasets/%/access/groups/" + group, ""},
		{"GET", "/datasets/%/access/invitations", ""},
		{"POST", "/datasets/%/access/invitations", `{"email":"stranger@example.net","permission":"view"}`},
		{"POST", "/datasets/%/access/invitations", `{"email":"gus@example.net","permission":"view"}`},
		{"DELETE", "/datasets/%/access/invitations/none", ""},
		{"GET", "/operators?dataset=%", ""},
		{"GET", "/operators/@acme%2Ftools%2Fhello/outlook?dataset=%", ""},
		{"GET", "/runs?dataset=%", ""},
		{"POST", "/runs", `{"operator":"@acme/tools/hello","dataset":"%"}`},
		{"POST", "/access/explain", `{"action":"view","dataset":"%"}`},
		{"POST", "/access/explain", `{"action":"schedule","dataset":"%","operator":"@acme/tools/hello"}`},
	} {
		t.Run(row.method+" "+row.path, func(t *testing.T) {
			t.Parallel()
			var answers []string
			for _, name := range []string{hidden, "hidden", "01BX5ZZKBKACTAV9WEVGEMMVRZ", "none"} {
				with := func(s string) string { return regexp.MustCompile(`%`).ReplaceAllString(s, name) }
				got := o.ask(gus.key, row.method, with(row.path), with(row.body))
				require.Equal(t, 404, got.StatusCode, got.body)
				answers = append(answers, got.body)
			}
			for _, a := range answers {
				require.Equal(t, answers[0], a)
			}
		})
	}
}
