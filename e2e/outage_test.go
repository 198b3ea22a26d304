//go:build e2e

package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// outage is how long Temporal is away.
const outage = 65 * time.Second

func TestAnOutageOfTemporalEndsNoWork(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		stop, goOn func(*cluster)
	}{
		{
			"that hangs",
			func(c *cluster) { require.NoError(c.t, c.temporal.cmd.Process.Signal(syscall.SIGSTOP)) },
			func(c *cluster) { require.NoError(c.t, c.temporal.cmd.Process.Signal(syscall.SIGCONT)) },
		},
		{
			"that was killed",
			func(c *cluster) { c.temporal.kill() },
			func(c *cluster) { c.startTemporal() },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "", 1, binary(t))
			c.serve()
			c.worker("worker")
			w := c.replicas[0]
			short, err := w.accept(t.Context(), fragile, 20)
			require.NoError(t, err)
			long, err := w.accept(t.Context(), fragile, 75)
			require.NoError(t, err)
			w.status(short.ID, sb.Running)
			w.status(long.ID, sb.Running)

			row.stop(c)
			over := time.After(outage)
			w.completed(short.ID) // while Temporal is away
			waiting, err := w.accept(t.Context(), fragile, 0)
			require.NoError(t, err)
			<-over
			require.Equal(t, sb.Running, w.status(long.ID, sb.Running).Status)
			row.goOn(c)

			require.Equal(t, 1, w.completed(long.ID).Attempt)
			w.completed(waiting.ID)
			w.nothingHeld()
			c.marks.noneTwice(t)
		})
	}
}
