//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
	"signalbox/controlplane/store/storetest"
)

// cluster is an installation whose parts are processes of their own.
type cluster struct {
	t         *testing.T
	dir       string
	temporal  *node
	temporals []string // settings of the Temporal server
	replicas  []*world
	workers   []string // settings of workers, but for their names
	marks     marks
}

// newCluster prepares an installation with replicas of the control plane: on one database, SQLite if the URL is empty.
// Temporal runs when it returns; serve is the program of the replicas.
func newCluster(t *testing.T, database string, replicas int, serve string) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir(), marks: marks(t.TempDir())}
	temporal := address(t)
	c.temporals = []string{
		"SIGNALBOX_DATA_DIR=" + c.path("temporal"), "SIGNALBOX_TEMPORAL_LISTEN=" + temporal, "SIGNALBOX_TEMPORAL_UI_LISTEN=",
	}
	c.startTemporal()
	var addresses []string
	for i := range replicas {
		listen := address(t)
		addresses = append(addresses, listen)
		w := &world{t: t, dir: c.path("replica" + strconv.Itoa(i)), url: "http://" + listen, path: serve, marks: c.marks}
		w.env = []string{
			"SIGNALBOX_DATA_DIR=" + w.dir, "SIGNALBOX_LISTEN=" + listen, "SIGNALBOX_DATABASE_URL=" + database,
			"SIGNALBOX_TEMPORAL_ADDRESS=" + temporal, "SIGNALBOX_KEYSET=" + c.path("keyset.json"),
			"SIGNALBOX_LOGS_URL=file://" + c.path("logs"),
		}
		c.replicas = append(c.replicas, w)
	}
	c.found()
	c.workers = slices.Concat([]string{
		"SIGNALBOX_TEMPORAL_ADDRESS=" + temporal, "SIGNALBOX_PUBLIC_URL=http://" + balance(t, addresses),
		"SIGNALBOX_ORCHESTRATOR_KEY_FILE=" + c.path("worker.key"),
	}, c.marks.env())
	return c
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

// startTemporal starts the Temporal server, or starts it again.
func (c *cluster) startTemporal() {
	c.t.Helper()
	c.temporal = launch(c.t, binary(c.t), c.temporals, "temporal")
	c.temporal.out.await(c.t, "Temporal listens")
}

// found makes the database, the keyset and the admin's key.
func (c *cluster) found() {
	c.t.Helper()
	first := c.replicas[0]
	out, code := first.exec("migrate", "--keyset", c.path("keyset.json"))
	require.Zero(c.t, code, out)
	out, code = first.exec("admin-key")
	require.Zero(c.t, code, out)
	for _, w := range c.replicas {
		require.NoError(c.t, os.MkdirAll(w.dir, 0o700))
		require.NoError(c.t, os.WriteFile(filepath.Join(w.dir, "admin.key"), []byte(out), 0o600))
	}
}

// serve starts all replicas, installs the marks plugin and makes the workers' key.
func (c *cluster) serve() []*node {
	c.t.Helper()
	var all []*node
	for _, w := range c.replicas {
		all = append(all, w.start("serve"))
	}
	first := c.replicas[0]
	first.installMarks()
	key, err := first.client.Orchestrators.Keys("builtin").Create(c.t.Context(), client.KeyDraft{Name: "workers"})
	require.NoError(c.t, err)
	require.NoError(c.t, os.WriteFile(c.path("worker.key"), []byte(key.Key), 0o600))
	return all
}

// worker starts a worker; one that is started again has the same name.
func (c *cluster) worker(name string, env ...string) *node {
	c.t.Helper()
	env = slices.Concat(c.workers, []string{"SIGNALBOX_WORKER_NAME=" + name, "SIGNALBOX_DATA_DIR=" + c.path(name)}, env)
	return launch(c.t, faulty(c.t), env, "worker")
}

// balance is a load balancer: each connection goes to the next server that takes it.
func balance(t *testing.T, servers []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var turn atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go forward(conn, servers, int(turn.Add(1)))
		}
	}()
	return l.Addr().String()
}

func forward(conn net.Conn, servers []string, turn int) {
	defer conn.Close()
	for i := range servers {
		server, err := net.Dial("tcp", servers[(turn+i)%len(servers)])
		if err != nil {
			continue
		}
		defer server.Close()
		go func() {
			_, _ = io.Copy(server, conn)
			_ = server.Close()
		}()
		_, _ = io.Copy(conn, server)
		return
	}
}

// insist repeats what got no answer.
func insist(ctx context.Context, f func() error) error {
	late := time.After(patience)
	for {
		err := f()
		if err == nil || sb.CodeOf(err) != sb.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-late:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// accept schedules a run as a careful client does: with a key of its own, again as long as there is no answer.
func (w *world) accept(ctx context.Context, operator string, seconds float64) (run client.Run, err error) {
	d := client.Draft{Operator: operator, IdempotencyKey: rand.Text()}
	if d.Params, err = json.Marshal(map[string]float64{"seconds": seconds}); err != nil {
		return run, err
	}
	err = insist(ctx, func() error {
		run, err = w.client.Runs.Schedule(ctx, d)
		return err
	})
	return run, err
}

// sample watches how many slots are held until ctx is done, and gives the most it saw. A server that is away is asked
// again.
func (w *world) sample(ctx context.Context) <-chan int {
	most := make(chan int, 1)
	go func() {
		seen := 0
		for ctx.Err() == nil {
			if page, err := w.client.Orchestrators.Work(ctx, "builtin", client.Paging{Limit: 500}); err == nil {
				seen = max(seen, len(page.Items))
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
		most <- seen
	}()
	return most
}

func TestAClusterLosesNothing(t *testing.T) {
	t.Parallel()
	const quota, runs = 4, 40
	c := newCluster(t, storetest.Postgres(t), 2, binary(t))
	servers := c.serve()
	one, two := c.replicas[0], c.replicas[1]
	atMost := quota
	_, err := one.client.Orchestrators.Patch(t.Context(), "builtin", client.OrchestratorPatch{Quota: &atMost})
	require.NoError(t, err)
	c.worker("left")
	right := c.worker("right")

	watching, enough := context.WithCancel(t.Context())
	defer enough()
	most := one.sample(watching)
	var ids []string
	for i := range runs {
		run, err := c.replicas[i%2].accept(t.Context(), mark, 0.3)
		require.NoError(t, err)
		ids = append(ids, run.ID)
	}
	one.over(ids[runs/4])
	servers[1].kill()
	right.kill()
	one.over(ids[runs/2])
	two.start("serve")
	c.worker("right")
	for i, id := range ids {
		c.replicas[i%2].completed(id)
	}
	enough()
	seen := <-most
	require.LessOrEqual(t, seen, quota)
	require.Positive(t, seen)
	one.nothingHeld()
	c.marks.noneTwice(t)
	for _, id := range ids[:4] {
		require.Equal(t, one.log(id), two.log(id))
	}
}

// log is a run's whole log.
func (w *world) log(id string) string {
	w.t.Helper()
	var text strings.Builder
	_, err := w.client.Runs.Download(w.t.Context(), id, &text, 0)
	require.NoError(w.t, err)
	return text.String()
}
