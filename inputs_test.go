package signalbox_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestNoSecretTravelsHoweverItsSchemaSaysSo(t *testing.T) {
	t.Parallel()
	const password = `{"type":"string","format":"password"}`
	for name, row := range map[string]struct {
		schema, inputs string
		code           sb.Code
	}{
		"in a secret":                      {`{"properties":{"login":{"writeOnly":true,"properties":{"user":{}}}}}`, `{"a":"$params.login.user"}`, sb.Invalid},
		"by a reference":                   {`{"properties":{"login":{"$ref":"#/$defs/login"}},"$defs":{"login":{"properties":{"user":{"$ref":"#/$defs/p"}}},"p":` + password + `}}`, `{"a":"$params.login.user"}`, sb.Invalid},
		"below, by a reference":            {`{"properties":{"login":{"$ref":"#/$defs/a~1b%20c"}},"$defs":{"a/b c":{"properties":{"user":` + password + `}}}}`, `{"a":"$params.login"}`, sb.Invalid},
		"by a reference that leads away":   {`{"properties":{"login":{"$ref":"https://example.com/schema"}}}`, `{"a":"$params.login"}`, sb.Invalid},
		"by a reference to nothing":        {`{"properties":{"login":{"$ref":"#/$defs/none"}}}`, `"$params"`, sb.Invalid},
		"by a part of its schema":          {`{"allOf":[{"properties":{"login":{"anyOf":[{"type":"null"},{"properties":{"user":` + password + `}}]}}}]}`, `{"a":"$params.login.user"}`, sb.Invalid},
		"by a condition":                   {`{"if":{},"then":{"properties":{"login":` + password + `}}}`, `"$params"`, sb.Invalid},
		"by a pattern of names":            {`{"patternProperties":{"^l":` + password + `}}`, `{"a":"$params.login"}`, sb.Invalid},
		"as one of any name":               {`{"additionalProperties":` + password + `}`, `{"a":"$params.login"}`, sb.Invalid},
		"in a list":                        {`{"properties":{"list":{"items":{"properties":{"p":` + password + `}}}}}`, `{"a":"$params.list"}`, sb.Invalid},
		"at a place of a list":             {`{"properties":{"list":{"prefixItems":[{},` + password + `]}}}`, `"$params"`, sb.Invalid},
		"in a tree":                        {`{"$ref":"#/$defs/n","$defs":{"n":{"properties":{"login":{"$ref":"#/$defs/n"},"user":` + password + `}}}}`, `{"a":"$params.login.user"}`, sb.Invalid},
		"beside it":                        {`{"properties":{"login":{"properties":{"user":{},"p":` + password + `}}}}`, `{"a":"$params.login.user"}`, ""},
		"declared, where the others are":   {`{"properties":{"login":{}},"additionalProperties":` + password + `}`, `{"a":"$params.login.user"}`, ""},
		"a tree without":                   {`{"properties":{"login":{"$ref":"#"}}}`, `"$params"`, ""},
		"a default that looks like one":    {`{"properties":{"login":{"default":{"writeOnly":true}}}}`, `"$params"`, ""},
		"a name that looks like one":       {`{"properties":{"writeOnly":{"type":"boolean"},"format":{"default":"password"}}}`, `"$params"`, ""},
		"definitions that nothing is of":   {`{"$defs":{"p":` + password + `}}`, `"$params"`, ""},
		"a reference that is nobody's way": {`{"properties":{"login":{},"other":{"$ref":"https://example.com"}}}`, `{"a":"$params.login"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := sb.Run{
				Params:       json.RawMessage(`{"login":{"user":"u","login":{"user":"v"}},"list":[1,{"p":2}]}`),
				InputsSchema: json.RawMessage(row.schema),
			}
			_, err := sb.Route{Inputs: json.RawMessage(row.inputs)}.InputsOf(run)
			require.Equal(t, row.code, sb.CodeOf(err), "%v", err)
		})
	}
}
