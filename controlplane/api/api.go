// Package api is the REST server: Gin routes, Huma decodes, checks and documents, handlers are plain functions.
//
// Every path stands in the tables of routes.go with the door that leads to it and the right it needs. A request is
// identified before its body is read. What may not be seen and what does not exist are answered with equal bytes.
// Errors are problems (RFC 9457) with a code; causes of faults on the server's side are only in the log, once, beside
// the request id.
package api

import (
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/trace"
)

// Deps is all that the server stands on.
type Deps struct {
	Gate
	Life
	Stock
	Record
	Options
}

// Gate decides who comes in and what he may do.
type Gate struct {
	Identity Identity
	Logins   Logins
	Users    Users
	Groups   Groups
	Access   Access
	Facts    Facts

	Organisation Organisation
	Invitations  Invitations
}

// Life is the life of runs: for people, for those who do the work, and its output.
type Life struct {
	Runs  Runs
	Forms Forms
	Queue Queue
	Work  Work
	Logs  Logs
	Notes Notes
}

// Stock is what runs are made of.
type Stock struct {
	Catalog       Catalog
	Datasets      Datasets
	Sharing       Sharing
	Orchestrators Orchestrators
	Registrar     Registrar
	Bridge        Bridge
	Secrets       Secrets

	Sources         Sources
	SourceRegistrar SourceRegistrar
}

// Record is what is kept of what people do, and whether it is whole.
type Record struct {
	Audit    Audit
	Refusals Refusals
	Seal     Seal
	Clock    Clock
}

// Options are settings of the server. The zero value runs.
type Options struct {
	Log            *logrus.Logger
	Tracer         trace.Tracer         // of requests; nil for none
	Registry       *prometheus.Registry // shown at /metrics; nil makes one
	Ready          []Part               // shown at /readyz
	Pages          fs.FS                // the built web application; nil or without index.html: a page that says how to build it
	TrustedProxies []netip.Prefix       // whose X-Forwarded-For is believed; none by default
	Home           string               // the address at which browsers reach us, such as https://signalbox.example.org
	Hosts          []string             // names by which we answer, without port; none: by every name
	MaxArchive     int64                // bytes of a plugin's ZIP; 0 is 512 MiB
	Patience       time.Duration        // for a reader to take a piece of an answer; 0 is 30 s
	Stopping       <-chan struct{}      // when closed, /readyz says no, so that no new work is sent here
	Closing        <-chan struct{}      // when closed, event streams end, so that a graceful stop does not wait for them
}

const defaultMaxArchive = 512 << 20

type server struct {
	Deps
	huma  huma.API
	state state
	app   application

	guesses  *limiter // of keys and tokens, that were wrong
	failures *limiter // of logins
	begun    *limiter // logins, each of which is kept for some minutes
	invites  *limiter // to strangers, by who is no admin
	origins  *http.CrossOriginProtection
	watched  *watchers
	timing   *prometheus.HistogramVec
}

// New makes the handler of the whole server. It starts nothing.
func New(d Deps) http.Handler {
	s, engine := build(d)
	engine.NoRoute(s.noRoute)
	engine.NoMethod(s.noMethod)
	s.openRoutes(engine)
	s.loginRoutes(engine)
	s.applicationRoutes(engine)
	return patient(headAsGet(compressed(engine)), s.Patience)
}

func build(d Deps) (*server, *gin.Engine) {
	prepare.Do(setFramework)
	if d.Log == nil {
		d.Log = logrus.New()
		d.Log.SetOutput(io.Discard)
	}
	if d.Registry == nil {
		d.Registry = prometheus.NewRegistry()
	}
	if d.MaxArchive == 0 {
		d.MaxArchive = defaultMaxArchive
	}
	if d.Patience == 0 {
		d.Patience = defaultPatience
	}
	s := &server{
		Deps: d, watched: newWatchers(), timing: newTiming(),
		guesses: newLimiter(failuresAtOnce, failuresASecond), failures: newLimiter(failuresAtOnce, failuresASecond),
		begun: newLimiter(begunAtOnce, begunASecond), invites: newLimiter(invitesAtOnce, invitesASecond),
		origins: ownOrigin(d.Home), app: newApplication(d.Pages),
	}
	d.Registry.MustRegister(s.timing)
	engine := gin.New()
	engine.UseEscapedPath, engine.UnescapePathValues = true, false
	engine.HandleMethodNotAllowed, engine.RedirectTrailingSlash = true, false
	trust(engine, d.TrustedProxies)
	engine.Use(s.watch, s.traced, s.named, s.unescape)
	s.huma = humagin.New(engine, config())
	s.routes()
	withErrors(s.huma.OpenAPI())
	return s, engine
}

func trust(engine *gin.Engine, proxies []netip.Prefix) {
	var list []string
	for _, p := range proxies {
		list = append(list, p.String())
	}
	// It only fails on text that is no prefix, which these cannot be.
	_ = engine.SetTrustedProxies(list)
}

func config() huma.Config {
	c := huma.DefaultConfig("Signalbox", "1")
	c.Info.Description = "Runs FiftyOne delegated operations on the orchestrator an organisation already has."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		string(forPeople):        {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "An API key, sbk_…"},
		"bearer":                 {Type: "http", Scheme: "bearer", Description: "The same API key, or the token of a session, sbs_…"},
		"session":                {Type: "apiKey", In: "cookie", Name: "signalbox", Description: "The session of a browser; behind TLS the cookie is __Host-signalbox."},
		string(forOrchestrators): {Type: "http", Scheme: "bearer", Description: "An orchestrator key, sbo_…"},
		string(forWork):          {Type: "http", Scheme: "bearer", Description: "The token of a run's attempt, sbr_…"},
	}
	return c
}

var problemType = reflect.TypeFor[Problem]()

var prepare sync.Once

// setFramework sets what Gin and Huma keep in globals, once for the process.
func setFramework() {
	gin.SetMode(gin.ReleaseMode)
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true // else a key again in other letters is decoded, but not checked
	huma.NewErrorWithContext = frameworkProblem
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return frameworkProblem(nil, status, message, errs...)
	}
}

// compressed packs answers over 1 KiB, but no streams, archives or downloads.
func compressed(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024),
		gzhttp.ExceptContentTypes([]string{eventStream, "application/zip", "application/octet-stream"}))
	if err != nil {
		panic(err) // the options above are constants
	}
	return wrap(h)
}

// OpenAPI is the document of the API as YAML, made from the code.
func OpenAPI() ([]byte, error) {
	s, _ := build(Deps{})
	return s.huma.OpenAPI().YAML()
}
