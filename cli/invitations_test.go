package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	invited = `{"id":"01I","email":"new@example.org","role":"member","dataset":null,"permission":null,"invited_by":{"id":"1","name":"Zoë"},"state":"open","created_at":"2026-05-01T12:00:00Z","expires_at":"2026-05-08T12:00:00Z","accepted_at":null,"revoked_at":null`
	shared  = `{"id":"01J","email":"new@example.org","role":"guest","dataset":{"id":"2","name":"cats"},"permission":"view","invited_by":{"id":"1","name":"Zoë"},"state":"open","created_at":"2026-05-01T12:00:00Z","expires_at":"2026-05-08T12:00:00Z","accepted_at":null,"revoked_at":null`
	byHand  = `,"link":"https://s.example/auth/invitation?token=sbi_x","mailed":false,"mail_error":null}`
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	const made = `
			Email:       new@example.org
			ID:          01I
			Invited to:  role member
			State:       open
			Expires:     1 week from now
			Link:        https://s.example/auth/invitation?token=sbi_x
			`
	const list = `{"items":[` + shared + `},` + invited + `}],"next_cursor":null}`
	const table = `
			ID   EMAIL            TO           STATE  INVITED BY  EXPIRES
			01J  new@example.org  cats: view   open   Zoë         1 week from now
			01I  new@example.org  role member  open   Zoë         1 week from now
			`
	for name, c := range map[string]struct {
		call, answer string
		args         []string
		sent         string
		out, err     string
	}{
		"a link to give on": {
			call: "POST /api/v1/invitations", answer: invited + byHand, args: []string{"invitations", "send", "new@example.org", "member"},
			sent: `{"email":"new@example.org","role":"member"}`, out: made, err: "Give the link to new@example.org; it is shown this once.\n",
		},
		"a mail": {
			call: "POST /api/v1/invitations", args: []string{"invitation", "send", "new@example.org", "member"},
			answer: invited + `,"link":"https://s.example/auth/invitation?token=sbi_x","mailed":true,"mail_error":null}`,
			out:    made, err: "It was mailed to new@example.org. The link is shown this once.\n",
		},
		"a mail that was not sent": {
			call: "POST /api/v1/invitations", args: []string{"invitations", "send", "new@example.org", "member"},
			answer: invited + `,"link":"https://s.example/auth/invitation?token=sbi_x","mailed":false,"mail_error":"the mailbox is full"}`,
			out:    made, err: "It was NOT mailed: the mailbox is full. Give the link to new@example.org yourself; it is shown this once.\n",
		},
		"all": {call: "GET /api/v1/invitations", answer: list, args: []string{"invitations", "list"}, out: table},
		"those that are open": {
			call: "GET /api/v1/invitations?limit=7&open=true", answer: list, args: []string{"invitations", "list", "--open", "--limit", "7"}, out: table,
		},
		"one is taken back": {
			call: "DELETE /api/v1/invitations/01I", args: []string{"invitations", "revoke", "01I"}, err: "Invitation 01I is taken back.\n",
		},
		"one is accepted, by its link": {
			call: "POST /api/v1/invitations/accept", answer: shared + `}`, args: []string{"invitations", "accept", "https://s.example/auth/invitation?token=sbi_x"},
			sent: `{"token":"sbi_x"}`, out: `
			Email:       new@example.org
			ID:          01J
			Invited to:  cats: view
			State:       open
			Expires:     1 week from now
			`,
		},
		"one is accepted, by its token": {
			call: "POST /api/v1/invitations/accept", answer: invited + `}`, args: []string{"invitations", "accept", "sbi_x", "-o", "json"},
			sent: `{"token":"sbi_x"}`, out: "",
		},
		"to a dataset": {
			call: "POST /api/v1/datasets/my%20cats/access/invitations", answer: shared + byHand, args: []string{"datasets", "invite", "my cats", "new@example.org", "view"},
			sent: `{"email":"new@example.org","permission":"view"}`, err: "Give the link to new@example.org; it is shown this once.\n", out: `
			Email:       new@example.org
			ID:          01J
			Invited to:  cats: view
			State:       open
			Expires:     1 week from now
			Link:        https://s.example/auth/invitation?token=sbi_x
			`,
		},
		"those to a dataset": {
			call: "GET /api/v1/datasets/cats/access/invitations?open=true", answer: list, args: []string{"datasets", "invitations", "cats", "--open"}, out: table,
		},
		"one to a dataset is taken back": {
			call: "DELETE /api/v1/datasets/cats/access/invitations/01J", args: []string{"datasets", "uninvite", "cats", "01J"}, err: "Invitation 01J is taken back.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.serve(c.call, c.answer)
			require.Equal(t, 0, w.do(c.args...), w.errors.String())
			if c.out != "" {
				golden(t, trimmed(c.out), w.out.String())
			}
			require.Equal(t, c.err, w.errors.String())
			if c.sent != "" {
				require.Equal(t, []string{c.sent}, w.bodies)
			}
		})
	}
}
