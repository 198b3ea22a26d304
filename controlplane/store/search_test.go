package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// However many runs have its trigrams, a text is found where it is, and only there.
func TestLabelsAreFoundByTheirRarestTrigrams(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	const most = fewLabels + 500
	labels := make([]string, most)
	rows := make([]runRow, most)
	for i := range rows {
		labels[i] = fmt.Sprintf("Evening batch of %d", i)
		switch {
		case i < 3:
			labels[i] += ` with "zebras" 100%`
		case i < fewLabels/2:
			labels[i] += " of batches"
		}
		rows[i] = runRow{ID: fmt.Sprintf("%05d", i), Label: labels[i], Target: "{}"}
	}
	require.NoError(t, insert(t.Context(), s.write, &rows))
	for name, part := range map[string]string{
		"one of many numbers":               "batch of 1711",
		"in another case":                   "BATCH OF 1711",
		"part of many numbers":              "batch of 17",
		"a word of few":                     "zebras",
		"what means something elsewhere":    `"zebras" 100%`,
		"three characters":                  "zeb",
		"four characters":                   "ebra",
		"trigrams of few, in another order": "zebras with",
		"trigrams of all, in another order": "of evening batch",
		"a word of all":                     "batch",
		"words of half":                     "of batches",
		"nothing":                           "no such thing",
	} {
		var want []string
		for i, label := range labels {
			if containsFold(label, part) && len(want) <= fewLabels {
				want = append(want, rows[i].ID)
			}
		}
		ids, err := s.idsByTrigrams(t.Context(), part)
		require.NoError(t, err)
		require.Len(t, ids, len(want), name)
		if len(want) <= fewLabels {
			require.ElementsMatch(t, want, ids, name)
		}
	}
}
