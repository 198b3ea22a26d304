//go:build e2e

package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

var seed = flag.Uint64("seed", 0, "repeats the moments of the kills; 0 takes the time")

// kills is how often a process is killed at least while runs are scheduled and go on.
const kills = 8

// stage prepares an installation and gives what kills and restarts a part of it.
type stage func(t *testing.T) (w *world, kill func())

// together is everything in one process.
func together(t *testing.T) (*world, func()) {
	t.Helper()
	w := newWorld(t)
	n := w.dev()
	w.installMarks()
	return w, func() {
		n.kill()
		n = w.dev()
	}
}

// apart is a server and a worker, of which one or both are killed.
func apart(server, worker bool) stage {
	return func(t *testing.T) (*world, func()) {
		t.Helper()
		c := newCluster(t, "", 1, binary(t))
		s, w := c.serve()[0], c.worker("worker")
		return c.replicas[0], func() {
			if server {
				s.kill()
			}
			if worker {
				w.kill()
				w = c.worker("worker")
			}
			if server {
				s = c.replicas[0].start("serve")
			}
		}
	}
}

func TestNothingIsLostByKills(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		runs  int
		stage stage
		once  bool // nothing needs a second attempt
	}{
		{"of the server", 200, apart(true, false), true},
		{"of the worker", 60, apart(false, true), false},
		{"of both", 60, apart(true, true), false},
		{"of everything in one process", 60, together, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w, kill := row.stage(t)
			accepted := killing(t, w, row.runs, kill)
			for _, id := range accepted {
				run := w.completed(id)
				if row.once {
					require.Equal(t, 1, run.Attempt, "a worker's run does not need the server")
				}
			}
			page, err := w.client.Runs.List(t.Context(), client.RunFilter{Paging: client.Paging{Limit: 500}})
			require.NoError(t, err)
			require.Len(t, page.Items, row.runs, "the same key gives the same run")
			w.nothingHeld()
			w.marks.noneTwice(t)
		})
	}
}

// killing schedules runs and kills at random moments meanwhile. It gives the ids of the runs.
func killing(t *testing.T, w *world, runs int, kill func()) (accepted []string) {
	t.Helper()
	ids, moment := acceptAll(w, runs), moments(t)
	for i := 0; i < kills || accepted == nil; i++ {
		select {
		case accepted = <-ids:
			ids = nil
		case <-time.After(moment()):
		}
		kill()
	}
	require.Len(t, accepted, runs)
	return accepted
}

// acceptAll schedules runs in the background and gives their ids when all were accepted.
func acceptAll(w *world, n int) <-chan []string {
	all := make(chan []string, 1)
	go func() {
		var ids []string
		for range n {
			run, err := w.accept(w.t.Context(), mark, 0.1)
			if err != nil {
				w.t.Error(err)
				break
			}
			ids = append(ids, run.ID)
		}
		all <- ids
	}()
	return all
}

// moments gives random times between kills.
func moments(t *testing.T) func() time.Duration {
	t.Helper()
	from := *seed
	if from == 0 {
		from = uint64(time.Now().UnixNano())
	}
	t.Logf("the moments are those of -args -seed %d", from)
	random := rand.New(rand.NewPCG(from, 0))
	return func() time.Duration { return time.Duration(random.IntN(2500)) * time.Millisecond }
}

// It is not parallel, as it measures time.
func TestAKilledWorkersRunsEndAtOnce(t *testing.T) {
	c := newCluster(t, "", 1, binary(t))
	c.serve()
	worker := c.worker("worker")
	w := c.replicas[0]
	run, err := w.accept(t.Context(), fragile, 600)
	require.NoError(t, err)
	w.status(run.ID, sb.Running)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, w.awaitLine(ctx, run.ID), "its process runs")
	worker.kill()
	began := time.Now()
	lost := w.over(run.ID)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Equal(t, sb.FailLost, lost.Failure.Kind, "%+v", lost.Failure)
	c.marks.ended(t, run.ID, 1)
	w.nothingHeld()
}

// awaitLine returns when the log of a run has a line.
func (w *world) awaitLine(ctx context.Context, id string) error {
	for {
		log, err := w.client.Runs.Logs(ctx, id)
		if err == nil && len(log.Entries) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
}
