package devserver_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/workflows"
	"signalbox/workflows/devserver"
)

func TestAddressesItRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	tests := map[string]struct {
		options devserver.Options
		says    string
	}{
		"every interface":       {devserver.Options{Listen: "0.0.0.0:7233"}, "not a loopback address"},
		"a name":                {devserver.Options{Listen: "example.org:7233"}, "not a loopback address"},
		"no port":               {devserver.Options{Listen: "127.0.0.1"}, "not host:port"},
		"a word as port":        {devserver.Options{Listen: "127.0.0.1:http"}, "no port number"},
		"public web pages":      {devserver.Options{Listen: "127.0.0.1:0", UIListen: ":8233"}, "web pages"},
		"a taken port":          {devserver.Options{Listen: taken.Addr().String()}, "another process may use it"},
		"a taken port of pages": {devserver.Options{Listen: "127.0.0.1:0", UIListen: taken.Addr().String()}, "another process may use it"},
		"no port is left":       {devserver.Options{Listen: "127.0.0.1:65535"}, "invalid argument"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := devserver.Start(t.Context(), test.options)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// child is a server in a process of its own.
type child struct {
	command *exec.Cmd
	address string
}

func startChild(t *testing.T, file string) *child {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-serve", file)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = os.Stderr
	require.NoError(t, command.Start())
	c := &child{command: command}
	t.Cleanup(c.kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	c.address = strings.TrimSpace(address)
	return c
}

// kill ends it as a crash would: nothing is said or written any more.
func (c *child) kill() {
	_ = c.command.Process.Kill()
	_ = c.command.Wait()
}

func TestWorkflowsGoOnAfterAKill(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deep", "temporal.db")
	server := startChild(t, file)
	before := newBench(t, server.address, atOnce)
	r := aRun("01survivor")
	_, _, err := before.client.Start(t.Context(), r)
	require.NoError(t, err)
	server.kill()

	again := startChild(t, file) // on another port
	b := newBench(t, again.address, atOnce)
	state, err := b.client.State(t.Context(), r.Ref())
	require.NoError(t, err)
	require.True(t, state.Open)
	b.work(t)
	require.Equal(t, r.Ref(), next(t, b.began))
	b.closed(t, r.Ref())
	require.Equal(t, []workflows.Sign{workflows.Returned}, b.signs(r.Ref()))
}

// TestOutageOfTemporalEndsNoWork kills the server while work is going on. The work goes on; when the server is back, it
// takes the worker's answer.
func TestOutageOfTemporalEndsNoWork(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	listen := startServer(t, devserver.Options{}) // only for a port that stays free afterwards
	address := listen.Addr()
	listen.Stop()
	start := func() *devserver.Server {
		server, err := devserver.Start(t.Context(), devserver.Options{File: file, Listen: address})
		require.NoError(t, err)
		return server
	}
	server := start()
	release := make(chan struct{})
	disturbed := make(chan error, 1)
	b := newBench(t, address, func(ctx context.Context, _ sb.AttemptRef) error {
		wait(t, release)
		disturbed <- ctx.Err()
		return nil
	})
	b.work(t)
	r := aRun("01outage")
	_, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	next(t, b.began)
	server.Stop()
	brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = b.client.State(brief, r.Ref())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	server = start()
	t.Cleanup(server.Stop)
	close(release)
	require.NoError(t, next(t, disturbed))
	b.closed(t, r.Ref())
	require.Equal(t, []workflows.Sign{workflows.Returned}, b.signs(r.Ref()))
}
