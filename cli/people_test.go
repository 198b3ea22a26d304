package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	zoe   = `{"id":"01U","kind":"user","name":"Zoë","email":"zoe@example.org","role":"member","role_locked_by":null,"groups":[{"id":"1","name":"staff"},{"id":"2","name":"vision"}],"created_at":"2026-04-01T12:00:00Z","last_seen_at":"2026-05-01T11:00:00Z"}`
	staff = `{"id":"01G","name":"staff","description":"all of us","member_count":2,"created_at":"2026-04-01T12:00:00Z"}`
)

func TestPeople(t *testing.T) {
	t.Parallel()
	const list = `{"items":[` + zoe + `],"next_cursor":null}`
	for name, c := range map[string]struct {
		call, answer string
		args         []string
		sent         string
		out, err     string
	}{
		"users that fit a search": {
			call: "GET /api/v1/users?search=zo", answer: list, args: []string{"users", "list", "--search", "zo"},
			out: `
			NAME  EMAIL            ROLE    GROUPS         LAST LOGIN
			Zoë   zoe@example.org  member  staff, vision  1 hour ago
			`,
		},
		"a user, by his email": {
			call: "GET /api/v1/users/zoe@example.org", answer: zoe, args: []string{"users", "show", "zoe@example.org"},
			out: `
			Name:        Zoë
			ID:          01U
			Email:       zoe@example.org
			Role:        member
			Groups:      staff, vision
			Created:     1 month ago
			Last login:  1 hour ago
			`,
		},
		"a role that the login provider decides": {
			call: "GET /api/v1/users/eve", answer: `{"id":"1","name":"eve","role":"guest","role_locked_by":"corporate"}`, args: []string{"user", "show", "eve"},
			out: `
			Name:  eve
			ID:    1
			Role:  guest, as the login provider corporate decides
			`,
		},
		"another role": {
			call: "PATCH /api/v1/users/01U", answer: `{"id":"01U","name":"Zoë","role":"guest"}`, args: []string{"users", "role", "01U", "guest"},
			sent: `{"role":"guest"}`, out: "Name:  Zoë\nID:    01U\nRole:  guest\n",
		},
		"another role of a service account": {
			call: "PATCH /api/v1/service-accounts/ci", answer: `{"id":"1","name":"ci","kind":"service_account","role":"guest"}`,
			args: []string{"service-accounts", "role", "ci", "guest"},
			sent: `{"role":"guest"}`, out: "Name:  ci\nID:    1\nKind:  service_account\nRole:  guest\n",
		},
		"a user goes": {
			call: "DELETE /api/v1/users/01U", args: []string{"users", "delete", "01U"}, err: "User 01U is deleted. Runs stay.\n",
		},
		"groups": {
			call: "GET /api/v1/groups?limit=1", answer: `{"items":[` + staff + `],"next_cursor":"c"}`, args: []string{"groups", "list", "--limit", "1"},
			out: `
			NAME   MEMBERS  DESCRIPTION  CREATED
			staff  2        all of us    1 month ago
			`,
			err: "There are more: --cursor c, or --all.\n",
		},
		"a new group": {
			call: "POST /api/v1/groups", answer: staff, args: []string{"groups", "create", "staff", "--description", "all of us"},
			sent: `{"name":"staff","description":"all of us"}`,
			out: `
			Name:         staff
			ID:           01G
			Description:  all of us
			Members:      2
			Created:      1 month ago
			`,
		},
		"a group with more members than are shown": {
			call: "GET /api/v1/groups/staff", args: []string{"groups", "show", "staff"},
			answer: `{"id":"01G","name":"staff","member_count":3,"created_at":"2026-04-01T12:00:00Z","members":[
				{"id":"1","name":"ci","kind":"service_account","email":"","locked_by":null},
				{"id":"2","name":"Zoë","kind":"user","email":"zoe@example.org","locked_by":"corporate"}]}`,
			out: `
			Name:     staff
			ID:       01G
			Members:  3
			Created:  1 month ago

			MEMBER  EMAIL            KIND             PUT THERE BY
			ci                       service account
			Zoë     zoe@example.org  user             corporate
			`,
			err: "These are the first 2 of 3 members.\n",
		},
		"another name for a group": {
			call: "PATCH /api/v1/groups/staff", answer: `{"id":"01G","name":"all","member_count":2}`, args: []string{"groups", "rename", "staff", "all"},
			sent: `{"name":"all"}`, out: "Name:     all\nID:       01G\nMembers:  2\n",
		},
		"someone enters a group": {
			call: "PUT /api/v1/groups/our%20staff/members/zoe@example.org", args: []string{"groups", "add", "our staff", "zoe@example.org"},
			err: "zoe@example.org is in our staff.\n",
		},
		"someone leaves a group": {
			call: "DELETE /api/v1/groups/staff/members/ci", args: []string{"groups", "remove", "staff", "ci"}, err: "ci is not in staff any more.\n",
		},
		"a group goes": {
			call: "DELETE /api/v1/groups/staff", args: []string{"groups", "delete", "staff"}, err: "Group staff is deleted. Its members stay.\n",
		},
		"who is logged in": {
			call: "GET /api/v1/sessions?search=zo", args: []string{"sessions", "list", "--search", "zo"},
			answer: `{"items":[{"id":"01S","user":{"id":"01U","name":"Zoë","email":"","role":"member"},"provider":"corporate","address":"192.0.2.1","agent":"a","seen_at":"2026-05-01T11:00:00Z","current":false}],"next_cursor":null}`,
			out: `
			ID   USER  ROLE    LOGIN      ADDRESS    LAST SEEN
			01S  Zoë   member  corporate  192.0.2.1  1 hour ago
			`,
		},
		"a session ends":       {call: "DELETE /api/v1/sessions/01S", args: []string{"sessions", "end", "01S"}, err: "Session 01S is ended.\n"},
		"a user is logged out": {call: "DELETE /api/v1/users/zoe@example.org/sessions", args: []string{"sessions", "end-all", "zoe@example.org"}, err: "zoe@example.org is logged out. API keys go on to work.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.serve(c.call, c.answer)
			require.Equal(t, 0, w.do(c.args...), w.errors.String())
			golden(t, trimmed(c.out), w.out.String())
			require.Equal(t, c.err, w.errors.String())
			if c.sent != "" {
				require.Equal(t, []string{c.sent}, w.bodies)
			}
		})
	}
}

func TestARoleThatDoesNotExistIsNotSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 2, w.do("users", "role", "zoe", "owner"))
	require.Contains(t, w.errors.String(), `a role is guest, labeler, collaborator, member or admin, not "owner"`)
	require.Empty(t, w.bodies)
}
