package api

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/swaggest/swgui/v5emb"

	sb "signalbox"
)

// openRoutes are those outside the base: open to everyone, for machines that watch and for people who read.
func (s *server) openRoutes(g *gin.Engine) {
	g.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"ok": true}) })
	g.GET("/readyz", s.readyz)
	g.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{DisableCompression: true})))
	s.documentRoutes(g)
}

// Readiness is what /readyz answers.
type Readiness struct {
	Ready bool        `json:"ready"`
	Parts []PartState `json:"parts"`
}

// PartState tells whether one part is ready, and if not why, as far as everyone may know.
type PartState struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

const (
	askTime = 3 * time.Second        // for a part to say that it is ready
	goodFor = 3 * time.Second        // an answer that all is ready
	badFor  = 250 * time.Millisecond // any other, which one wants to see end
)

// state is the last answer about readiness. However often it is asked for, the parts are asked seldom and one at a time.
type state struct {
	mu   sync.Mutex
	at   time.Time
	last Readiness
}

func (s *server) readyz(c *gin.Context) {
	ready := s.ready(c.Request.Context())
	status := http.StatusOK
	if !ready.Ready {
		status = http.StatusServiceUnavailable
	}
	c.JSON(status, ready)
}

// ready is the state of the parts, and of the process, which is not ready once it is told to stop.
func (s *server) ready(ctx context.Context) Readiness {
	process := partState("process", nil)
	select {
	case <-s.Stopping:
		process = PartState{Name: "process", Detail: "it is told to stop; what is open comes to its end"}
	default:
	}
	parts := s.known(ctx)
	return Readiness{Ready: process.OK && parts.Ready, Parts: append([]PartState{process}, parts.Parts...)}
}

// known asks the parts, unless the last answer is fresh.
func (s *server) known(ctx context.Context) Readiness {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	fresh := badFor
	if s.state.last.Ready {
		fresh = goodFor
	}
	if s.state.at.IsZero() || time.Since(s.state.at) > fresh {
		s.state.last = s.readiness(context.WithoutCancel(ctx)) // others may wait for this answer
		s.state.at = time.Now()
	}
	return s.state.last
}

func (s *server) readiness(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out := Readiness{Ready: true, Parts: make([]PartState, len(s.Ready))}
	var wg sync.WaitGroup
	for i, part := range s.Ready {
		wg.Go(func() { out.Parts[i] = partState(part.Name, part.Check(ctx)) })
	}
	wg.Wait()
	for _, p := range out.Parts {
		out.Ready = out.Ready && p.OK
	}
	return out
}

// partState shows messages that are made for people, and no others: those may hold addresses and passwords.
func partState(name string, err error) PartState {
	var e *sb.Error
	switch {
	case err == nil:
		return PartState{Name: name, OK: true, Detail: "ready"}
	case errors.As(err, &e):
		return PartState{Name: name, Detail: e.Message}
	case errors.Is(err, context.DeadlineExceeded):
		return PartState{Name: name, Detail: "no answer in time"}
	}
	return PartState{Name: name, Detail: "not ready"}
}

//go:embed docs
var docs embed.FS

// docsPolicy lets the page use its own scripts and styles only; Swagger UI sets styles inline.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// documentRoutes serve the document of the API and a page that shows it, all of it from the binary.
func (s *server) documentRoutes(g *gin.Engine) {
	asJSON, asYAML := s.documents()
	g.GET("/openapi.json", give("application/json", asJSON))
	g.GET("/openapi.yaml", give("application/yaml", asYAML))
	page, script := embedded("docs/index.html"), embedded("docs/show.js")
	assets := v5emb.New("Signalbox", "/openapi.json", "/docs")
	g.GET("/docs", policy, give("text/html; charset=utf-8", page))
	g.GET("/docs/*asset", policy, func(c *gin.Context) {
		switch c.Param("asset") {
		case "/":
			c.Redirect(http.StatusFound, "/docs")
		case "/show.js":
			give("text/javascript; charset=utf-8", script)(c)
		default:
			assets.ServeHTTP(c.Writer, c.Request)
		}
	})
}

func policy(c *gin.Context) { c.Header("Content-Security-Policy", docsPolicy) }

// documents are made once: the routes do not change while the server runs.
func (s *server) documents() (asJSON, asYAML []byte) {
	doc := s.huma.OpenAPI()
	asJSON, err := doc.MarshalJSON()
	if err == nil {
		asYAML, err = doc.YAML()
	}
	if err != nil {
		panic(err) // the document is made of the routes above, whatever the request
	}
	return asJSON, asYAML
}

func embedded(name string) []byte {
	b, err := docs.ReadFile(name)
	if err != nil {
		panic(err) // it is compiled in
	}
	return b
}

func give(kind string, body []byte) gin.HandlerFunc {
	return func(c *gin.Context) { c.Data(http.StatusOK, kind, body) }
}
