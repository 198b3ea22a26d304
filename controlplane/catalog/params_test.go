package catalog_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/catalog"
)

func TestParamsGetTheirDefaults(t *testing.T) {
	t.Parallel()
	const person = `{"type":"object","properties":{"name":{"type":"string","default":"World"},"age":{"type":"number"}}}`
	for name, test := range map[string]struct{ schema, params, wants string }{
		"no schema":                        {``, `{"a":1}`, `{"a":1}`},
		"null as a schema":                 {`null`, ``, `{}`},
		"no params":                        {person, ``, `{"name":"World"}`},
		"given ones stay":                  {person, `{"name":"<b>","age":3}`, `{"age":3,"name":"<b>"}`},
		"every digit stays":                {`{}`, `{"a":12345678901234567890.10}`, `{"a":12345678901234567890.10}`},
		"null is given":                    {`{"properties":{"a":{"default":1}}}`, `{"a":null}`, `{"a":null}`},
		"a null default":                   {`{"properties":{"a":{"default":null}}}`, `{}`, `{"a":null}`},
		"in a given object":                {`{"properties":{"who":` + person + `}}`, `{"who":{}}`, `{"who":{"name":"World"}}`},
		"in an object that is left out":    {`{"properties":{"who":` + person + `}}`, `{}`, `{"who":{"name":"World"}}`},
		"not in one that would be wrong":   {`{"properties":{"who":{"type":"object","required":["x"],"properties":{"x":{},"y":{"default":1}}}}}`, `{}`, `{}`},
		"in items of a list":               {`{"properties":{"all":{"items":` + person + `}}}`, `{"all":[{},{"name":"A"}]}`, `{"all":[{"name":"World"},{"name":"A"}]}`},
		"in the first items of a list":     {`{"properties":{"all":{"prefixItems":[` + person + `]}}}`, `{"all":[{},{}]}`, `{"all":[{"name":"World"},{}]}`},
		"in members nobody named":          {`{"additionalProperties":` + person + `}`, `{"a":{}}`, `{"a":{"name":"World"}}`},
		"in members by pattern":            {`{"patternProperties":{"^a":` + person + `}}`, `{"a":{},"b":{}}`, `{"a":{"name":"World"},"b":{}}`},
		"through a reference":              {`{"$defs":{"p":` + person + `},"properties":{"who":{"$ref":"#/$defs/p"}}}`, `{}`, `{"who":{"name":"World"}}`},
		"through allOf":                    {`{"allOf":[` + person + `]}`, `{}`, `{"name":"World"}`},
		"a default that gets defaults":     {`{"properties":{"who":{"default":{},"properties":{"n":{"default":1}}}}}`, `{}`, `{"who":{"n":1}}`},
		"a recursive schema ends":          {`{"type":"object","properties":{"n":{"default":1},"next":{"$ref":"#"}}}`, `{"next":{}}`, `{"n":1,"next":{"n":1}}`},
		"a recursive default ends":         {`{"properties":{"next":{"$ref":"#","default":{}}}}`, `{}`, `{}`},
		"a default makes a required valid": {`{"required":["a"],"properties":{"a":{"default":[1,{"b":2}]}}}`, `{}`, `{"a":[1,{"b":2}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := catalog.Params(json.RawMessage(test.schema), json.RawMessage(test.params))
			require.NoError(t, err)
			require.Equal(t, test.wants, string(got))
		})
	}
}

func TestEveryFaultOfParamsIsListed(t *testing.T) {
	t.Parallel()
	const schema = `{"type":"object","required":["name"],"additionalProperties":false,"properties":{
		"name":{"type":"string"},"threshold":{"type":"number","maximum":1},"mode":{"enum":["fast","slow"]},
		"boxes":{"type":"array","items":{"properties":{"width":{"type":"integer"}},"required":["height"]}},
		"either":{"anyOf":[{"type":"string"},{"type":"object","required":["x"]}]},"off":false}}`
	for name, test := range map[string]struct {
		params string
		wants  []string
	}{
		"all at once": {
			`{"threshold":2,"mode":"medium","boxes":[{"height":1},{"width":"w"}],"either":{},"extra":{"a":1},"off":1}`,
			[]string{
				"body.params.boxes[1].height: is required", "body.params.boxes[1].width: got string, want integer",
				"body.params.either: fits none of the allowed forms: got object, want string; or x is required",
				"body.params.extra: is not known here", "body.params.mode: value must be one of 'fast', 'slow'",
				"body.params.name: is required", "body.params.off: is not allowed", "body.params.threshold: maximum: got 2, want 1",
			},
		},
		"a list":       {`[]`, []string{"body.params: must be an object"}},
		"null":         {`null`, []string{"body.params: must be an object"}},
		"no JSON":      {`{a:1}`, []string{"body.params: is not JSON"}},
		"cut off":      {`{"a":`, []string{"body.params: is not JSON"}},
		"two values":   {`{} {}`, []string{"body.params: is more than one JSON value"}},
		"NaN":          {`{"threshold":NaN}`, []string{"body.params: is not JSON"}},
		"nested wrong": {`{"name":"a","either":{"x":1},"boxes":{}}`, []string{"body.params.boxes: got object, want array"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.Params(json.RawMessage(schema), json.RawMessage(test.params))
			require.Equal(t, test.wants, faults(t, err))
		})
	}
}

func TestFaultsShowOnlySmallValues(t *testing.T) {
	t.Parallel()
	schema := `{"properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"}}}`
	_, err := catalog.Params(json.RawMessage(schema), json.RawMessage(`{"a":"x","b":"`+strings.Repeat("y", 101)+`","c":{"z":1}}`))
	var e *sb.Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, "x", e.Faults[0].Value)
	require.Nil(t, e.Faults[1].Value)
	require.Nil(t, e.Faults[2].Value)
}

func TestParamsAreBounded(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 1000)
	many := `{"all":[` + strings.Repeat(`{},`, 200_000) + `{}]}`
	wide := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, test := range map[string]struct {
		schema, params string
		code           sb.Code
	}{
		"too large as sent":             {``, `{"a":"` + strings.Repeat("x", catalog.MaxParams) + `"}`, sb.TooLarge},
		"too large with defaults":       {`{"properties":{"all":{"items":{"properties":{"a":{"default":"` + big + `"}}}}}}`, many, sb.TooLarge},
		"defaults that multiply":        {doubling(40), `{}`, sb.TooLarge},
		"nested very deeply":            {`{}`, `{"a":` + wide + `}`, sb.Invalid},
		"a reference to itself":         {`{"$ref":"#"}`, `{}`, ""},
		"allOf that refers to itself":   {`{"allOf":[{"$ref":"#"},{"$ref":"#"}],"properties":{"a":{"default":1}}}`, `{}`, ""},
		"more faults than anyone reads": {`{"properties":{"all":{"items":{"type":"string"}}}}`, many, sb.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := catalog.Params(json.RawMessage(test.schema), json.RawMessage(test.params))
			if test.code != "" {
				require.Equal(t, test.code, sb.CodeOf(err), "%v", err)
			}
			require.LessOrEqual(t, len(got), catalog.MaxParams)
			if e := new(sb.Error); errors.As(err, &e) {
				require.LessOrEqual(t, len(e.Faults), 1001)
			}
		})
	}
}

// doubling is a schema whose objects hold two of the next one each, and so on.
func doubling(levels int) string {
	var b strings.Builder
	b.WriteString(`{"$ref":"#/$defs/d0","$defs":{`)
	for i := range levels {
		next := `{"$ref":"#/$defs/d` + strconv.Itoa(i+1) + `"}`
		b.WriteString(`"d` + strconv.Itoa(i) + `":{"type":"object","properties":{"a":` + next + `,"b":` + next + `}},`)
	}
	b.WriteString(`"d` + strconv.Itoa(levels) + `":{"type":"object","properties":{"n":{"default":1}}}}}`)
	return b.String()
}

// Whatever the params, what comes out is accepted again and stays as it is.
func TestParamsOnceFilledStayAsTheyAre(t *testing.T) {
	t.Parallel()
	schema := json.RawMessage(`{"type":"object","$defs":{"b":{"type":"object","properties":{"w":{"type":"integer","default":4},"sub":{"$ref":"#/$defs/b"}}}},
		"properties":{"a":{"type":"string","default":"x"},"n":{"type":"number"},"box":{"$ref":"#/$defs/b"},"all":{"type":"array","items":{"$ref":"#/$defs/b"}}}}`)
	value := rapid.Custom(func(t *rapid.T) any { return anyValue(t, 4) })
	rapid.Check(t, func(t *rapid.T) {
		params, err := json.Marshal(rapid.MapOfN(rapid.SampledFrom([]string{"a", "n", "box", "all", "other"}), value, 0, 5).Draw(t, "params"))
		require.NoError(t, err)
		once, err := catalog.Params(schema, params)
		if err != nil {
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			return
		}
		twice, err := catalog.Params(schema, once)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
		for name, given := range decode(t, params) {
			if _, object := given.(map[string]any); !object {
				require.Contains(t, decode(t, once), name, "nothing that was given is lost")
			}
		}
	})
}

func anyValue(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 && kind > 3 {
		kind = 0
	}
	switch kind {
	case 0:
		return rapid.String().Draw(t, "text")
	case 1:
		return rapid.IntRange(-9, 9).Draw(t, "number")
	case 2:
		return rapid.Bool().Draw(t, "bool")
	case 3:
		return nil
	case 4:
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return anyValue(t, depth-1) }), 0, 3).Draw(t, "list")
	}
	names := rapid.SampledFrom([]string{"w", "sub", "a"})
	return rapid.MapOfN(names, rapid.Custom(func(t *rapid.T) any { return anyValue(t, depth-1) }), 0, 3).Draw(t, "object")
}

func decode(t require.TestingT, text []byte) map[string]any {
	var out map[string]any
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

func BenchmarkParams(b *testing.B) {
	schema := json.RawMessage(`{"type":"object","properties":{"folder":{"type":"string"},"pattern":{"type":"string","default":"*.png"}},"required":["folder"],"additionalProperties":false}`)
	for b.Loop() {
		if _, err := catalog.Params(schema, json.RawMessage(`{"folder":"/images"}`)); err != nil {
			b.Fatal(err)
		}
	}
}
