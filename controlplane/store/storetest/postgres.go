package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"signalbox/internal/freeport"
)

const (
	nobody    = 65534 // who runs Postgres when root runs the tests
	startMost = 30 * time.Second
)

// server is the Postgres that the tests of this process share; it runs while one of them uses it.
var server struct {
	sync.Mutex
	users int
	run   *postgres
}

// Postgres gives the URL of a fresh, empty database on a real server, started on a free port of this machine and ended
// with the tests that use it. Without Postgres installed the test is skipped, and says so.
func Postgres(t *testing.T) string {
	t.Helper()
	bin := binaries()
	if bin == "" {
		t.Skip("SKIPPED: NO POSTGRES IS INSTALLED (no initdb in PATH or /usr/lib/postgresql): nothing of this was tested against Postgres")
	}
	p := join(t, bin)
	name := "t" + ulid.Make().String()
	p.exec(t, `CREATE DATABASE "`+name+`"`)
	return p.url(name)
}

// join starts the server for its first user and ends it after the last.
func join(t *testing.T, bin string) *postgres {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if server.run == nil {
		server.run = start(t, bin)
	}
	server.users++
	t.Cleanup(func() {
		server.Lock()
		defer server.Unlock()
		if server.users--; server.users == 0 {
			server.run.stop()
			server.run = nil
		}
	})
	return server.run
}

// binaries finds the folder of the newest initdb; "" when there is none.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// postgres is a running server.
type postgres struct {
	dir  string
	port int
	cmd  *exec.Cmd
	out  *bytes.Buffer
	done chan struct{}
}

func start(t *testing.T, bin string) *postgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "signalbox-postgres-") //nolint:usetesting // the server outlives this test
	require.NoError(t, err)
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(dir, nobody, nobody))
	}
	data := filepath.Join(dir, "data")
	out, err := command(bin, "initdb", "--no-sync", "-A", "trust", "-U", "signalbox", "-E", "UTF8", "-D", data).CombinedOutput()
	require.NoError(t, err, string(out))

	port, err := freeport.Find(freeport.Loopback)
	require.NoError(t, err)
	p := &postgres{dir: dir, port: port, out: new(bytes.Buffer), done: make(chan struct{})}
	p.cmd = command(bin, "postgres", "-D", data, "-p", strconv.Itoa(p.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=400", "-c", "fsync=off", "-c", "full_page_writes=off")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	p.await(t)
	return p
}

// command runs a program of Postgres, which refuses to be run by root.
func command(bin, name string, args ...string) *exec.Cmd {
	path := filepath.Join(bin, name)
	if os.Geteuid() != 0 {
		return exec.Command(path, args...)
	}
	id := strconv.Itoa(nobody)
	return exec.Command("setpriv", append([]string{"--reuid=" + id, "--regid=" + id, "--clear-groups", path}, args...)...)
}

// await returns when the server takes connections.
func (p *postgres) await(t *testing.T) {
	t.Helper()
	late := time.After(startMost)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(t.Context(), p.url("postgres"))
		if err == nil {
			require.NoError(t, conn.Close(t.Context()))
			return
		}
		select {
		case <-p.done:
			require.FailNow(t, "Postgres ended", p.out.String())
		case <-late:
			require.FailNow(t, "Postgres does not answer", err.Error())
		case <-tick.C:
		}
	}
}

func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://signalbox@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

func (p *postgres) exec(t *testing.T, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.url("postgres"))
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), query)
	require.NoError(t, err)
}

// stop ends the server at once and removes its files.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	<-p.done
	_ = os.RemoveAll(p.dir)
}
