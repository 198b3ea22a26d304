// Package devserver runs a Temporal server and its web pages inside this process, for one machine: no account, no
// network and no other program needed. It keeps its state in one SQLite file. Neither it nor its pages have a login,
// so both listen on loopback addresses only. It is no replacement for a cluster: one process per file, and the
// services that run schedules and batch jobs are left out.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"signalbox/internal/freeport"
)

// Retention is how long the server keeps workflows that have ended.
const Retention = 7 * 24 * time.Hour

// Options say where the server keeps its state and where it listens.
type Options struct {
	File             string         // the SQLite file, made when missing; "" keeps all in memory
	Listen           string         // host:port on loopback; port 0 takes a free one
	UIListen         string         // host:port of the web pages, on loopback too; "" for none
	Namespace        string         // made when missing; "" is "default"
	SearchAttributes []string       // of kind Keyword, at most 10; only a new namespace gets them
	Log              *logrus.Logger // gets warnings and errors; the server's other lines at debug level
}

// Server is a Temporal server in this process.
type Server struct {
	options Options
	listen  *net.TCPAddr
	ui      *net.TCPAddr // nil for none
	log     *logger
	stop    func()
}

// Start starts a server and returns it when it takes requests; ctx bounds only that. A file goes on where the process
// before left it, also after that was killed. It fails, without ending the process, when an address is not loopback or
// taken, or the file cannot be used.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := plan(o)
	if err != nil {
		return nil, err
	}
	if err := s.portsFree(ctx); err != nil {
		return nil, err
	}
	server, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	s.stop = sync.OnceFunc(s.stopping(server, s.startUI()))
	return s, nil
}

// plan checks the options and chooses free ports where none are wished.
func plan(o Options) (*Server, error) {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	listen, err := loopback(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	s := &Server{options: o, listen: listen, log: newLogger(o.Log)}
	if o.UIListen != "" {
		if s.ui, err = loopback(o.UIListen); err != nil {
			return nil, fmt.Errorf("temporal's web pages: %w", err)
		}
	}
	return s, nil
}

// Addr is the host:port that Temporal clients dial.
func (s *Server) Addr() string { return s.listen.String() }

// UIAddr is the host:port of the web pages, or "" without them.
func (s *Server) UIAddr() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.String()
}

// Failed tells once, if ever, that the running server met a fault after which it does not work any more. It has to be
// stopped then.
func (s *Server) Failed() <-chan error { return s.log.fatal }

// Stop stops the server and its web pages. What it carries goes on when the file is opened again. Its workers should
// have stopped before. It may be called again.
func (s *Server) Stop() { s.stop() }

func (s *Server) stopping(server temporal.Server, ui *uiserver.Server) func() {
	return func() {
		if ui != nil {
			ui.Stop()
		}
		s.log.quiet.Store(true)
		if err := server.Stop(); err != nil {
			s.log.entry.WithError(err).Warn("the Temporal server did not stop cleanly")
		}
	}
}

// start puts the server together and starts it, in a goroutine of its own, because a fatal fault ends the goroutine
// that meets it, or becomes a panic on its way.
func (s *Server) start(ctx context.Context) (temporal.Server, error) {
	type result struct {
		server temporal.Server
		err    error
	}
	ended := make(chan result, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		var r result
		defer func() {
			if fault := recover(); fault != nil {
				r.err = fmt.Errorf("%v", fault)
			}
			ended <- r
		}()
		if r.server, r.err = s.assemble(); r.err == nil {
			r.err = r.server.Start()
		}
		if r.err == nil {
			r.err = s.ready(ctx)
		}
	}()
	var r result
	select {
	case r = <-ended:
	case r.err = <-s.log.fatal:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	select {
	case r.err = <-s.log.fatal: // says more than what came of it
	default:
	}
	if r.err != nil {
		return nil, fmt.Errorf("start temporal: %w", r.err)
	}
	return r.server, nil
}

// ready waits until the server takes requests: it listens before that, and refuses what comes, with Unavailable.
func (s *Server) ready(ctx context.Context) error {
	connection, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	frontend := workflowservice.NewWorkflowServiceClient(connection)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := frontend.GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{}, grpc.WaitForReady(true))
		if status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Server) startUI() *uiserver.Server {
	if s.ui == nil {
		return nil
	}
	ui := newUI(s.ui, s.Addr(), s.options.Namespace)
	go func() { _ = ui.Start() }()
	return ui
}

// portsFree looks before the server does: a taken port would end the whole process there.
func (s *Server) portsFree(ctx context.Context) error {
	for _, addr := range []*net.TCPAddr{s.listen, s.ui} {
		if addr == nil {
			continue
		}
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", addr.String())
		if err != nil {
			return fmt.Errorf("temporal cannot listen on %s: %w; another process may use it", addr, err)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// loopback reads a host:port and replaces port 0 by a free one.
func loopback(hostPort string) (*net.TCPAddr, error) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port: %w", hostPort, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%q is not a loopback address; this server has no login", hostPort)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q has no port number: %w", hostPort, err)
	}
	if port != 0 {
		return &net.TCPAddr{IP: ip, Port: int(port)}, nil
	}
	free, err := freeport.Find(ip)
	return &net.TCPAddr{IP: ip, Port: free}, err
}

// makeFile calls set-up on a new file beside the wanted one and moves it there when that is done, so that a kill in
// between leaves no file without tables.
func makeFile(file string, setUp func(file string) error) error {
	if _, err := os.Stat(file); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	fresh := file + ".new"
	for _, old := range []string{fresh, fresh + "-wal", fresh + "-shm"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := setUp(fresh); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}
