package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func FuzzRunCursor(f *testing.F) {
	f.Add("", "scheduled")
	f.Add(runCursor{Sort: sb.SortOperator, At: 5, Operator: "@a/b", ID: "x"}.String(), "operator")
	f.Add("e30", "updated")
	f.Fuzz(func(t *testing.T, text, sort string) {
		c, err := readRunCursor(text, sb.RunSort(sort))
		if err != nil {
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			return
		}
		if c == nil {
			require.Empty(t, text)
			return
		}
		again, err := readRunCursor(c.String(), c.Sort)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}

func FuzzNameCursor(f *testing.F) {
	f.Add(nameCursor{Name: "x", ID: "y"}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := readNameCursor(text); err != nil {
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
		}
	})
}

func TestServes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		have, want int64
		ok         bool
	}{
		"its own version":     {3, 3, true},
		"the one before":      {2, 3, true},
		"an older one":        {1, 3, false},
		"a newer one":         {4, 3, false},
		"nothing migrated":    {0, 1, false},
		"nothing, long after": {0, 3, false},
	} {
		err := serves(test.have, test.want)
		require.Equal(t, test.ok, err == nil, name)
	}
}
