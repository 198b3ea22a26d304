package main

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/controlplane/config"
	"signalbox/workflows"
)

// gcPercent is how much a heap grows before it is collected, unless GOGC says otherwise. It is half of Go's own: a control plane has
// little work for processors, and may share its machine.
const gcPercent = 50

// closeWithin bounds the end of open requests when the process is told to stop.
const closeWithin = 15 * time.Second

func serveCommand() *cobra.Command {
	return verb("serve", "Run a control plane for a team",
		"Runs a control plane: the API, the queue, and the worker for control activities. Several may run on one Postgres.\n"+
			"It needs SIGNALBOX_KEYSET and SIGNALBOX_TEMPORAL_ADDRESS; make the first key with `signalbox admin-key`.", traced(serve))
}

func serve(ctx context.Context, c config.Config) error {
	log := newLog(c)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if c.Secrets.Keyset == "" {
		return sb.Errorf(sb.Invalid, "serve needs SIGNALBOX_KEYSET: a file with its keys, which `signalbox migrate --keyset FILE` makes, or the URI of a key service's key, such as awskms://alias/signalbox?region=eu-west-1")
	}
	if c.Temporal.Address == "" {
		return sb.Errorf(sb.Invalid, "serve needs SIGNALBOX_TEMPORAL_ADDRESS, such as temporal.example.org:7233; for one machine use `signalbox dev`")
	}
	if c.Database.URL == "" {
		unlock, err := openFolder(c)
		if err != nil {
			return err
		}
		defer unlock()
	}
	listener, err := listen(ctx, c)
	if err != nil {
		return err
	}
	door, err := serveFront(c, listener)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p, closePlane, err := raise(ctx, c, door, ctx.Done(), log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer closePlane()
	log.WithField("address", listener.Addr().String()).Info("signalbox serves")
	return telling(ctx, log, "open requests may go on for "+closeWithin.String(), func() error {
		return run(ctx, p.with(listener, log), log)
	})
}

// raise opens and builds a control plane, which is not ready any more once stopping is closed.
func raise(ctx context.Context, c config.Config, door front, stopping <-chan struct{}, log *logrus.Logger) (*plane, func(), error) {
	f, err := lay(ctx, c, log)
	if err != nil {
		return nil, nil, err
	}
	f.front, f.traces = door, tracesOf(ctx)
	if err := logins(c, f).SwitchDemo(ctx); err != nil {
		f.close()
		return nil, nil, err
	}
	temporal, err := workflows.Dial(temporalOptions(ctx, c, log))
	if err != nil {
		f.close()
		return nil, nil, err
	}
	return build(c, f, temporal, stopping, log), func() { //nolint:contextcheck // requests bring their own contexts
		temporal.Close()
		f.close()
	}, nil
}

func temporalOptions(ctx context.Context, c config.Config, log *logrus.Logger) workflows.Options {
	t := c.Temporal
	return workflows.Options{
		Address: t.Address, Namespace: t.Namespace, Names: t.Names, Pages: t.UIURL, Log: log,
		CA: t.TLSCA, Cert: t.TLSCert, Key: t.TLSKey, APIKeyFile: t.APIKeyFile,
		Tracer: tracesOf(ctx).tracer(),
	}
}

// listen takes the API's port, before anything else is begun.
func listen(ctx context.Context, c config.Config) (net.Listener, error) {
	secured, err := c.Server.TLS()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Server.Listen)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the address %s cannot be used, another process may have it; set SIGNALBOX_LISTEN to another", c.Server.Listen)
	}
	if secured != nil {
		l = tls.NewListener(l, secured)
	}
	return l, nil
}

// run runs the parts until ctx is done or one of them fails, and waits for all.
func run(ctx context.Context, parts []part, log *logrus.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		group.Go(func() error {
			err := p.run(ctx)
			if err != nil {
				log.WithError(err).WithField("part", p.name).Error("a part of the process failed; the process ends")
			}
			return err
		})
	}
	return group.Wait()
}

// with is the parts of a control plane with the server of its API. Told to stop, the server ends event streams at once
// and lets other requests end.
func (p *plane) with(l net.Listener, log *logrus.Logger) []part {
	return append(p.parts, part{"api", func(ctx context.Context) error {
		server := &http.Server{
			Handler: p.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: stdlog.New(log.WriterLevel(logrus.DebugLevel), "", 0),
		}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(l) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		close(p.closing)
		within, done := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer done()
		if err := server.Shutdown(within); err != nil {
			log.WithError(err).Warn("requests were still open at the end")
			return server.Close()
		}
		return nil
	}})
}

// localURL is the address at which a process on this machine reaches the API.
func localURL(c config.Config, l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil || c.Server.PublicURL != "" {
		return strings.TrimSuffix(c.Server.PublicURL, "/")
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http://"
	if c.Server.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port)
}
