package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/controlplane/config"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/store"
	"signalbox/workflows"
	"signalbox/workflows/devserver"
)

func devCommand() *cobra.Command {
	return verb("dev", "Run everything in one process for one machine",
		"Runs everything in one process: API, queue, a Temporal server with its web pages, a worker, SQLite and files in one\n"+
			"data folder. No account, no network and no other program is needed. Unless SIGNALBOX_DEMO=0 it installs a\n"+
			"demonstration plugin and runs it.", traced(dev))
}

// dev runs the whole product. Its stages begin in the order in which they need each other and end in the opposite
// one: first the worker, then the control plane, then Temporal.
func dev(ctx context.Context, c config.Config) error {
	unlock, err := openFolder(c)
	if err != nil {
		return err
	}
	defer unlock()
	log, closeLog, err := devLog(c)
	if err != nil {
		return err
	}
	defer closeLog()
	listener, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer listener.Close()
	door, err := devFront(c, listener)
	if err != nil {
		return err
	}
	if err := prepare(ctx, c, log); err != nil {
		return err
	}
	inside := c.Temporal.Address == ""
	temporal, err := devTemporal(ctx, &c, log)
	if err != nil {
		return err
	}
	p, closePlane, err := raise(context.WithoutCancel(ctx), c, door, ctx.Done(), log)
	if err != nil {
		return errors.Join(err, temporal.stop())
	}
	defer closePlane()
	plane := begin(ctx, func(ctx context.Context) error {
		return run(ctx, p.with(listener, log), log)
	})
	worker := begin(ctx, func(ctx context.Context) error { return devWorker(ctx, c, localURL(c, listener), log) })
	told := begin(ctx, func(end context.Context) error {
		tellSignals(ctx, log, waits(c), end.Done())
		return nil
	})
	shown := begin(ctx, func(ctx context.Context) error { return show(ctx, c, localURL(c, listener), inside) })
	select {
	case <-ctx.Done():
		say("\nStopping: no new work starts. Running work may go on for %s; Ctrl-C again ends it now.", c.Worker.Drain)
	case <-plane.ended:
	case <-worker.ended:
	case <-temporal.ended:
	}
	return errors.Join(shown.stop(), worker.stop(), plane.stop(), temporal.stop(), told.stop())
}

// stage is a part of the process that ends when it is told to, not when the process is.
type stage struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// begin runs f in a goroutine of its own, until stop.
func begin(ctx context.Context, f func(ctx context.Context) error) *stage {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &stage{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = f(ctx)
	}()
	return s
}

// stop ends the stage and waits for its end.
func (s *stage) stop() error {
	s.cancel()
	<-s.ended
	return s.err
}

// devWorker runs the worker of this process, with a key of its own kept in the data folder.
func devWorker(ctx context.Context, c config.Config, url string, log *logrus.Logger) error {
	if c.Worker.OrchestratorKeyFile == "" {
		c.Worker.OrchestratorKeyFile = c.Path("worker.key")
	}
	return work(ctx, c, url, log)
}

// devTemporal starts the Temporal server of this process, unless a cluster is named, and waits until it serves. The
// settings get its address.
func devTemporal(ctx context.Context, c *config.Config, log *logrus.Logger) (*stage, error) {
	if c.Temporal.Address != "" {
		return begin(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }), nil
	}
	server, err := devserver.Start(ctx, temporalServer(*c, log))
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the Temporal server does not start; SIGNALBOX_TEMPORAL_LISTEN and SIGNALBOX_TEMPORAL_UI_LISTEN say where it listens")
	}
	c.Temporal.Address = server.Addr()
	if c.Temporal.UIURL == "" && server.UIAddr() != "" {
		c.Temporal.UIURL = "http://" + server.UIAddr()
	}
	return begin(ctx, func(ctx context.Context) error { return serveTemporal(ctx, server) }), nil
}

// serveTemporal lets a started server go on until ctx is done or it fails.
func serveTemporal(ctx context.Context, server *devserver.Server) error {
	defer server.Stop()
	select {
	case err := <-server.Failed():
		return err
	case <-ctx.Done():
		return nil
	}
}

// prepare migrates the database and makes what the first start needs: an admin with his key, and a worker's key.
func prepare(ctx context.Context, c config.Config, log *logrus.Logger) error {
	s, err := openStore(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := firstAdmin(ctx, s, c.Path("admin.key")); err != nil {
		return err
	}
	return workerKey(ctx, s, c.Path("worker.key"))
}

// firstAdmin makes the first admin and writes his key where the CLI finds it. A lost key file gets another key of his.
func firstAdmin(ctx context.Context, s *store.Store, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return newAdminKey(ctx, s, path)
}

func workerKey(ctx context.Context, s *store.Store, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	o, err := s.Orchestrator(ctx, "builtin")
	if err != nil {
		return err
	}
	secret, hash := identity.NewOrchestratorKey()
	if _, err := s.CreateKey(ctx, sb.Key{Owner: o.ID, Name: "worker of signalbox dev"}, hash); err != nil {
		return err
	}
	return writeSecret(path, secret)
}

// devLog writes the process's own log to a file of the data folder, and warnings to the terminal too.
func devLog(c config.Config) (*logrus.Logger, func(), error) {
	path := filepath.Join(c.Server.DataDir, "signalbox.log")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, sb.Wrap(err, sb.Unavailable, "the log %s cannot be written", path)
	}
	log := newLog(c)
	log.SetOutput(file)
	log.AddHook(toTerminal{})
	return log, func() { _ = file.Close() }, nil
}

// toTerminal shows errors to the person who started the process.
type toTerminal struct{}

func (toTerminal) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel}
}

func (toTerminal) Fire(e *logrus.Entry) error {
	line := e.Message
	if err, ok := e.Data[logrus.ErrorKey]; ok {
		line += ": " + strings.TrimSpace(strings.ReplaceAll(errorText(err), "\n", " "))
	}
	_, err := os.Stderr.WriteString("signalbox: " + line + "\n")
	return err
}

func errorText(v any) string {
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return ""
}

func temporalServer(c config.Config, log *logrus.Logger) devserver.Options {
	return devserver.Options{
		File: c.Path("temporal.db"), Listen: c.Temporal.Listen, UIListen: c.Temporal.UIListen,
		Namespace: c.Temporal.Namespace, SearchAttributes: workflows.SearchAttributes(), Log: log,
	}
}
