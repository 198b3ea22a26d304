package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const aForm = `{"operator":"@acme/tools/embed","plugin_revision":2,"inputs_schema":{"kind":"json_schema","schema":{"type":"object"}},"hints":{},
	"inputs":{"type":{"name":"Object"}},"unmapped":["plot: Button"],"errors":[{"location":"body.params.n","message":"too small"},{"location":"body.params.k","message":"Required property"}],
	"options":{},"delegate":null,"label":"Embed\u001b[2J","dynamic":true,"warning":null,"failure":null}`

func TestAFormIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer    string
		args      []string
		sent, out string
	}{
		"with params, for people": {
			aForm,
			[]string{"--dataset", "cats", "-p", "n=0", "--view", "[]"},
			`{"dataset":"cats","params":{"n":0},"view":[]}`,
			`
			Operator:               @acme/tools/embed
			Label:                  Embed [2J
			Wrong:                  body.params.n: too small
			                        body.params.k: Required property
			Depends on the params:  yes
			Not shown as it is:     plot: Button
			Inputs:                 {
			                          "type": "object"
			                        }
			`,
		},
		"an operator that gave none": {
			`{"operator":"@acme/tools/embed","errors":[],"failure":{"message":"KeyError: 'x'","stack":"at line 3\n"}}`, nil, `{}`,
			`
			Operator:      @acme/tools/embed
			Gave no form:  KeyError: 'x'
			               at line 3
			`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.serve("POST /api/v1/operators/@acme%2Ftools%2Fembed/form", c.answer)
			require.Equal(t, 0, w.do(append([]string{"operators", "form", "@acme/tools/embed"}, c.args...)...), w.errors.String())
			require.Equal(t, []string{c.sent}, w.bodies)
			golden(t, c.out, w.out.String())
		})
	}
}
