// Package postgrestest starts Postgres servers for tests and benchmarks, from the programs that are installed.
package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"signalbox/internal/freeport"
)

const (
	nobody      = 65534 // who runs Postgres when root starts it
	startWithin = 30 * time.Second
)

// ErrNotInstalled says that this machine has no Postgres.
var ErrNotInstalled = errors.New("no Postgres is installed: no initdb in /usr/lib/postgresql or PATH")

// Hasty are settings for tests, whose data need not survive a power cut.
var Hasty = []string{"fsync=off", "full_page_writes=off", "max_connections=400"}

// Server is a running Postgres on a free port of this machine, with files of its own. Everyone here may use it.
type Server struct {
	Port int

	dir  string
	cmd  *exec.Cmd
	said bytes.Buffer
	done chan struct{}
}

// Start starts a server with settings such as "fsync=off", and waits until it takes connections. Stop ends it. Error:
// ErrNotInstalled.
func Start(ctx context.Context, settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "signalbox-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, done: make(chan struct{})}
	if err := s.start(ctx, bin, settings); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// programs finds the folder of the newest initdb.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrNotInstalled
	}
	return filepath.Dir(path), nil
}

func (s *Server) start(ctx context.Context, bin string, settings []string) (err error) {
	if os.Geteuid() == 0 {
		if err := os.Chown(s.dir, nobody, nobody); err != nil {
			return err
		}
	}
	data := filepath.Join(s.dir, "data")
	if out, err := command(ctx, bin, "initdb", "--no-sync", "-A", "trust", "-U", "signalbox", "-E", "UTF8", "-D", data).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	if s.Port, err = freeport.Find(freeport.Loopback); err != nil {
		return err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(s.Port)}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "unix_socket_directories="}, settings...) {
		args = append(args, "-c", setting)
	}
	s.cmd = command(context.WithoutCancel(ctx), bin, "postgres", args...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	return nil
}

// command runs a program of Postgres, which refuses to be run by root.
func command(ctx context.Context, bin, name string, args ...string) *exec.Cmd {
	path := filepath.Join(bin, name)
	cmd := exec.CommandContext(ctx, path, args...)
	if os.Geteuid() == 0 {
		id := strconv.Itoa(nobody)
		cmd = exec.CommandContext(ctx, "setpriv", append([]string{"--reuid=" + id, "--regid=" + id, "--clear-groups", path}, args...)...)
	}
	cmd.Dir = "/" // which it may enter whoever it is
	return cmd
}

// await returns when the server takes connections.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		err := s.Exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the Postgres server ended: %s", s.said.String())
		case <-ctx.Done():
			return fmt.Errorf("the Postgres server does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL is where a database is; "postgres" is there from the start.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://signalbox@127.0.0.1:%d/%s?sslmode=disable", s.Port, database)
}

// Create creates an empty database, and gives its URL.
func (s *Server) Create(ctx context.Context, database string) (string, error) {
	return s.URL(database), s.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
}

// Exec executes a statement that belongs to no database of the tests.
func (s *Server) Exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// Stop ends the server at once and removes its files.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	<-s.done
	_ = os.RemoveAll(s.dir)
}
