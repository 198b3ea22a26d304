package main

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/sirupsen/logrus"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/adapters/outbound"
	"signalbox/blobs"
	"signalbox/controlplane/access"
	"signalbox/controlplane/api"
	"signalbox/controlplane/audit"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/config"
	"signalbox/controlplane/dispatch"
	"signalbox/controlplane/forms"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/intake"
	"signalbox/controlplane/metrics"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/sources"
	"signalbox/controlplane/store"
	"signalbox/controlplane/watch"
	"signalbox/logs"
	"signalbox/web"
	"signalbox/workflows"
)

// part is a long-lived part of the process: Run blocks until ctx is done.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// plane is a control plane: its handler and its long-lived parts.
type plane struct {
	handler http.Handler
	closing chan struct{} // closed when event streams must end
	parts   []part
}

// foundation is what a control plane stands on.
type foundation struct {
	store   *store.Store
	logs    blobs.Store
	blobs   blobs.Store    // the same as logs unless it was set apart
	foreign *blobs.Foreign // what others keep
	keys    *secrets.Keys
	tokens  *secrets.Signer
	chain   *secrets.Signer // of the audit log
	front   front
	traces  *traces // nil: none
}

// openStore opens the database of the settings.
func openStore(ctx context.Context, c config.Config, log *logrus.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: c.Database.URL, Dir: c.Server.DataDir, Log: log})
}

// lay opens what a control plane stands on: a database whose schema fits, the keys, and the buckets.
func lay(ctx context.Context, c config.Config, log *logrus.Logger) (f foundation, err error) {
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.store, err = openStore(ctx, c, log); err != nil {
		return f, err
	}
	if err = f.store.CheckSchema(ctx); err != nil {
		return f, err
	}
	if f.keys, err = openKeys(ctx, c, f.store); err != nil {
		return f, err
	}
	if f.tokens, err = f.keys.Derive("run tokens"); err != nil {
		return f, err
	}
	if f.chain, err = f.keys.Derive(audit.Purpose); err != nil {
		return f, err
	}
	if f.logs, err = blobs.Open(ctx, c.Blobs.LogsURL); err != nil {
		return f, err
	}
	f.foreign = blobs.NewForeign(outbound.Transport(), ownFolders(c)...)
	f.blobs = f.logs
	if c.Blobs.BlobsURL != c.Blobs.LogsURL {
		f.blobs, err = blobs.Open(ctx, c.Blobs.BlobsURL)
	}
	return f, err
}

func (f foundation) close() {
	if f.foreign != nil {
		_ = f.foreign.Close()
	}
	if f.blobs != nil && f.blobs != f.logs {
		_ = f.blobs.Close()
	}
	if f.logs != nil {
		_ = f.logs.Close()
	}
	if f.store != nil {
		_ = f.store.Close()
	}
}

// build joins the parts of a control plane on its foundation.
func build(c config.Config, f foundation, temporal *workflows.Client, stopping <-chan struct{}, log *logrus.Logger) *plane {
	entry := logrus.NewEntry(log)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counts := metrics.New(f.store, registry)
	f.store.Observe(func(before, after sb.Run) {
		counts.Changed(before, after)
		f.traces.changed(before, after)
	})

	people := identity.New(f.store, f.tokens)
	plugins := catalog.New(f.store, f.blobs, limits(c))
	life := runs.New(f.store, access.Check, catalog.Params, f.blobs)
	vault := secrets.NewVault(f.store, f.keys)
	databases := sources.New(f.store, f.keys, fiftyone.Driver{})
	work := runs.NewWork(f.store, archives{f.store, f.blobs}, people, given{vault, databases}, f.blobs)
	apps := intake.New(f.store, runs.Elsewhere{Runs: life}, people, databases, intake.Options{Pages: f.front.home, Log: entry})
	asking := forms.New(f.store, access.Check, catalog.Params, archives{f.store, f.blobs}, given{vault, databases})
	waiting := queue.New(f.store, f.store, access.Check, counts, entry)
	sending := dispatch.New(f.store, work, counted{temporal, counts}, f.store, entry)
	away := elsewhere(c, f)
	work.ReadLogs(away)
	output := logs.New(f.store, f.logs, f.store, logs.Options{
		Holder: holder(), Log: entry, Rows: c.Limits.LogChunks, Mask: work.Mask, Elsewhere: referenced{f.store, away},
	})
	places := orchestrators.New(f.store, f.keys, kinds(), away)
	bridge := watch.New(f.store, work, places, watch.Logs{Kept: output, Elsewhere: away}, watch.Options{Pages: f.front.home, Log: entry})
	sealing := audit.New(f.store, f.chain, counts, entry)
	refusals := audit.NewRefusals(f.store, entry)
	closing := make(chan struct{})
	handler := api.New(api.Deps{
		Gate: api.Gate{
			Identity: people, Logins: logins(c, f), Users: people, Groups: people, Access: judge{}, Facts: f.store, Organisation: f.store,
			Invitations: invitations(c, f),
		},
		Life:   api.Life{Runs: life, Forms: asking, Queue: waiting, Work: work, Logs: output, Notes: f.store},
		Stock:  api.Stock{Catalog: plugins, Datasets: f.store, Sharing: f.store, Orchestrators: f.store, Registrar: places, Bridge: bridge, Secrets: vault, Sources: f.store, SourceRegistrar: databases},
		Record: api.Record{Audit: f.store, Refusals: refusals, Seal: sealing, Clock: f.store},
		Options: api.Options{
			Log: log, Tracer: f.traces.tracer(), Registry: registry, TrustedProxies: c.Server.Proxies(), MaxArchive: int64(c.Limits.PluginSize),
			Stopping: stopping, Closing: closing, Home: f.front.home, Hosts: f.front.hosts,
			Pages: web.Files(),
			Ready: []api.Part{
				{Name: "database", Check: f.store.Ready},
				{Name: "temporal", Check: temporal.Check},
				{Name: "logs", Check: f.logs.Ready},
				{Name: "blobs", Check: f.blobs.Ready},
			},
		},
	})
	return &plane{
		handler: handler, closing: closing,
		parts: []part{
			{"database notes", f.store.Listen},
			{"queue", waiting.Run},
			{"rejecting", queue.NewRejecting(f.store, f.store, entry).Run},
			{"dispatch", sending.Run},
			{"catalog", plugins.Run},
			{"audit", sealing.Run},
			{"refusals", refusals.Run},
			{"logins", identity.NewSweep(f.store, c.Login.SessionIdle, entry).Run},
			{"sweep", runs.NewSweep(f.store, c.Limits.Fence, entry).Run},
			{"progress", work.Run},
			{"forms", asking.Run},
			{"logs", output.Run},
			{"control worker", workflows.Control(temporal, settler{work}, outside{bridge, apps}).Run},
			{"watching", watch.NewKeeper(watchOrchestrators(f.store, temporal), entry).Run},
			{"watching sources", watch.NewKeeper(watchSources(f.store, temporal), entry).Run},
		},
	}
}

// archives are the plugin revisions that runs are pinned to.
type archives struct {
	*store.Store
	blobs sb.Blobs
}

// Bytes opens a revision's archive.
func (a archives) Bytes(ctx context.Context, r sb.Revision) (io.ReadCloser, error) {
	return a.blobs.Get(ctx, sb.ArchiveKey(r.SHA256), 0, -1)
}

// counted is Temporal as dispatch calls it, with its failures counted.
type counted struct {
	*workflows.Client
	counts *metrics.Metrics
}

// Start counts a start that failed.
func (c counted) Start(ctx context.Context, run sb.Run) (string, string, error) {
	name, url, err := c.Client.Start(inTraceOf(ctx, run), run)
	c.count("start", err)
	return name, url, err
}

// Settled counts a word that was not taken.
func (c counted) Settled(ctx context.Context, ref sb.AttemptRef) error {
	err := c.Client.Settled(ctx, ref)
	c.count("settled", err)
	return err
}

// Cancel counts a cancel that failed.
func (c counted) Cancel(ctx context.Context, ref sb.AttemptRef) error {
	err := c.Client.Cancel(ctx, ref)
	c.count("cancel", err)
	return err
}

// State counts a look that failed.
func (c counted) State(ctx context.Context, ref sb.AttemptRef) (sb.CarrierState, error) {
	state, err := c.Client.State(ctx, ref)
	c.count("state", err)
	return state, err
}

func (c counted) count(call string, err error) {
	if err != nil && sb.CodeOf(err) != sb.Conflict { // a conflict is an answer
		c.counts.WorkflowFailed(call)
	}
}

// settler is controlplane/runs as the run workflow asks it.
type settler struct{ work *runs.Work }

// Settle tells whether an attempt's work has ended, by what Temporal saw of it.
func (s settler) Settle(ctx context.Context, ref sb.AttemptRef, how workflows.How) (bool, error) {
	if how.Sign == workflows.Stopping {
		return false, s.work.StopThere(ctx, ref, "Cancelled in Temporal.")
	}
	if how.Sign == workflows.Broke {
		return s.work.Settle(ctx, ref, true, sb.End{Broken: true, Reason: how.Reason})
	}
	end := sb.End{HandedBack: true, Reason: "no worker began it"}
	if how.Reason != "" {
		end.Reason = how.Reason
	}
	return s.work.Settle(ctx, ref, how.Sign != workflows.Silent, end)
}

// judge is controlplane/access as the API wants it.
type judge struct{}

func (judge) Check(f sb.Facts, a sb.Action) error            { return access.Check(f, a) }
func (judge) Explain(f sb.Facts, a sb.Action) sb.Explanation { return access.Explain(f, a) }
func (judge) Basis(f sb.Facts) (bool, string)                { return access.Basis(f) }
func (judge) MayGrant(f sb.Facts, p sb.Permission) error     { return access.MayGrant(f, p) }
func (judge) Effective(f sb.Facts) sb.Permission             { return access.Effective(f) }
func (judge) Viewer(p sb.Principal, s sb.Settings) sb.Viewer { return access.Viewer(p, s) }

func limits(c config.Config) catalog.Limits {
	return catalog.Limits{Size: int64(c.Limits.PluginSize), Unpacked: int64(c.Limits.PluginUnpacked), Files: c.Limits.PluginFiles}
}

// holder names this process in the leases of its database.
func holder() string { return rand.Text() }

// newLog makes the process's own log: JSON lines on standard error.
func newLog(c config.Config) *logrus.Logger {
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
	log.SetLevel(c.Log.Level)
	return log
}
