package signalbox

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhyAnOperatorIsNotLoadable(t *testing.T) {
	t.Parallel()
	traceback := "Traceback (most recent call last):\n  File \"x\"\n"
	for name, row := range map[string]struct {
		offer Offer
		why   string
	}{
		"it is loaded":                    {Offer{Operators: []OfferedOperator{{Name: "op"}}, Errors: []string{"of another"}}, ""},
		"another FiftyOne is asked for":   {Offer{Unmet: "asks for 2", Operators: []OfferedOperator{{Name: "op"}}}, "asks for 2"},
		"nothing registers it":            {Offer{}, "does not register it"},
		"an exception":                    {Offer{Errors: []string{traceback + "KeyError: 'x'\n"}}, "KeyError: 'x'"},
		"a module is missing":             {Offer{Errors: []string{traceback + "ModuleNotFoundError: No module named 'a.b'"}}, "Install what has the module a.b"},
		"a module before what follows":    {Offer{Errors: []string{"ModuleNotFoundError: No module named 'a'", "NameError: b"}}, "module a"},
		"an error without any text in it": {Offer{Errors: []string{""}}, "could not be loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			why := row.offer.WhyNot("op")
			require.Contains(t, why, row.why)
			require.Equal(t, strings.HasPrefix(name, "it is loaded"), why == "")
		})
	}
}

func TestAnOfferIsBoundedAndMasked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1<<20)
	o := Offer{FiftyOne: long, Unmet: "s3cret", Operators: []OfferedOperator{
		{Name: "small", Config: json.RawMessage(`{"label":"s3cret"}`)}, {Name: "large", Config: json.RawMessage(`"` + long + `"`)},
	}}
	for range 100 {
		o.Errors = append(o.Errors, long+"s3cret")
	}
	b := o.Bounded(func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") })
	text, err := json.Marshal(b)
	require.NoError(t, err)
	require.Less(t, len(text), MaxOffer)
	require.NotContains(t, string(text), "s3cret")
	require.True(t, strings.HasSuffix(b.Errors[0], "***"), "the end of a traceback is kept")
	require.JSONEq(t, `{"label":"***"}`, string(b.Operators[0].Config))
	require.Nil(t, b.Operators[1].Config)
}
