package airflow

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

func TestTasksAreCountedInCallsThatGrowWithPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version      string
		runs, mapped int // tasks of a run
		most         int // calls
	}{
		{"2.10.3", 120, 3, 3},
		{"3.3.1", 120, 3, 3},
		{"3.1.0", 120, 3, 6},         // pages of 100 instances
		{"3.3.1", 3, 4000, 20 + 3*8}, // more than are read at once: of fewer runs
	} {
		t.Run(fmt.Sprintf("%s with %d runs of %d tasks", c.version, c.runs, c.mapped), func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, c.version)
			s.Change(airflowtest.Mapped, func(d *airflowtest.DAG) { d.Tasks[0].Mapped, d.MostActive = c.mapped, c.runs })
			a := registered(t, s.URL, "")
			var open []sb.Place
			for i := range c.runs {
				open = append(open, submit(t, a, airflowtest.Mapped, fmt.Sprint(i)))
			}
			got, err := a.Tally(t.Context(), open)
			require.NoError(t, err)
			require.Len(t, got, c.runs)
			for i, tally := range got {
				require.Equal(t, open[i], tally.Place)
				require.Equal(t, c.mapped, tally.All)
			}
			require.LessOrEqual(t, s.Requests("POST tasks"), c.most)
			require.Zero(t, s.Requests("GET tasks of run"))
		})
	}
}

func TestARunWithTooManyTasksIsNotCounted(t *testing.T) {
	t.Parallel()
	s := airflowtest.Start(t, "3.3.1")
	s.Change(airflowtest.Mapped, func(d *airflowtest.DAG) { d.Tasks[0].Mapped = partsMost + 1 })
	a := registered(t, s.URL, "")
	open := []sb.Place{submit(t, a, airflowtest.Chain, "x"), submit(t, a, airflowtest.Mapped, "y"), submit(t, a, airflowtest.Chain, "z")}
	got, err := a.Tally(t.Context(), open)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, open[2], got[1].Place)
}
