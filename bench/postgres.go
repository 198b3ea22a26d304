package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// nobody is who runs Postgres when root measures.
const nobody = 65534

// errNoPostgres says that there is nothing to measure on Postgres with.
var errNoPostgres = errors.New("no Postgres is installed: no initdb in /usr/lib/postgresql or PATH")

// postgres is a running server with one empty database, with the settings that Postgres comes with.
type postgres struct {
	*process
	url string
}

func startPostgres(ctx context.Context, dir string) (*postgres, error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	if out, err := postgresCommand(ctx, bin, "initdb", "-A", "trust", "-U", "signalbox", "-E", "UTF8", "-D", data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	listen, err := address()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	p := &postgres{url: "postgres://signalbox@" + listen + "/postgres?sslmode=disable"}
	p.process, err = launch(postgresCommand(ctx, bin, "postgres", "-D", data, "-p", port,
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_wal_size=4GB"), dir+".out")
	if err != nil {
		return nil, err
	}
	if err := p.ready(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func postgresFolder() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errNoPostgres
	}
	return filepath.Dir(path), nil
}

// postgresCommand runs a program of Postgres, which refuses to be run by root.
func postgresCommand(ctx context.Context, bin, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	if os.Geteuid() == 0 {
		id := strconv.Itoa(nobody)
		cmd = exec.CommandContext(ctx, "setpriv", append([]string{"--reuid=" + id, "--regid=" + id, "--clear-groups", cmd.Path}, args...)...)
	}
	cmd.Dir = "/"
	return cmd
}

func (p *postgres) ready(ctx context.Context) error {
	db, err := sql.Open("pgx", p.url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-p.gone:
			said, _ := os.ReadFile(p.out)
			return fmt.Errorf("the Postgres server ended: %s", said)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server at once.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	p.process.stop()
}
