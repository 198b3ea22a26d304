package workflows

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	sb "signalbox"
)

var aRun = sb.Run{
	ID: "01k9", Attempt: 1, Operator: "@acme/tools/hello", Dataset: "Zürich by night", DatasetID: "01data",
	CreatedBy: sb.Who{ID: "01ana", Name: "Ana"}, Orchestrator: "builtin",
}

func TestSummary(t *testing.T) {
	t.Parallel()
	bare := sb.Run{Operator: "@acme/tools/hello"}
	tests := map[string]struct {
		run   sb.Run
		names bool
		want  string
	}{
		"with names":                    {aRun, true, "@acme/tools/hello on dataset Zürich by night for Ana"},
		"names kept out":                {aRun, false, "@acme/tools/hello"},
		"neither dataset nor submitter": {bare, true, "@acme/tools/hello"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, Options{Names: test.names}.summary(test.run))
		})
	}
}

// TestSummaryFits holds for any text, since names are people's: Temporal would refuse the start otherwise.
func TestSummaryFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.Rune(), 300, 900, -1), rapid.StringMatching(`[<>&"]{200,400}`))
		run := sb.Run{Operator: text.Draw(t, "operator"), Dataset: text.Draw(t, "dataset"), CreatedBy: sb.Who{Name: text.Draw(t, "name")}}
		payload, err := converter.GetDefaultDataConverter().ToPayload(Options{Names: true}.summary(run))
		require.NoError(t, err)
		require.LessOrEqual(t, proto.Size(payload), 400)
	})
}

func TestShorten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		most := rapid.IntRange(1, 300).Draw(t, "most")
		short := shorten(text, most)
		require.True(t, utf8.ValidString(short))
		require.LessOrEqual(t, utf8.RuneCountInString(short), most)
		if utf8.ValidString(text) && utf8.RuneCountInString(text) <= most {
			require.Equal(t, text, short)
		}
	})
}

func TestAttributesOfARun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		run   sb.Run
		names bool
		want  map[string]string
	}{
		"with names": {aRun, true, map[string]string{
			AttributeOperator: "@acme/tools/hello", AttributeDataset: "Zürich by night", AttributeSubmitter: "Ana", AttributeOrchestrator: "builtin",
		}},
		"names kept out": {aRun, false, map[string]string{
			AttributeOperator: "@acme/tools/hello", AttributeDataset: "01data", AttributeSubmitter: "01ana", AttributeOrchestrator: "builtin",
		}},
		"without dataset": {sb.Run{Operator: "o", Orchestrator: "builtin", CreatedBy: sb.Who{Name: "Ana"}}, true, map[string]string{
			AttributeOperator: "o", AttributeSubmitter: "Ana", AttributeOrchestrator: "builtin",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attributes := Options{Names: test.names}.attributesOf(test.run)
			require.Equal(t, len(test.want), attributes.Size())
			for name, want := range test.want {
				got, ok := attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(name))
				require.True(t, ok, name)
				require.Equal(t, want, got)
			}
		})
	}
}
