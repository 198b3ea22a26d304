package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	sb "signalbox"
)

func newTiming() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "signalbox_http_request_seconds",
		Help:    "Time from a request's header to the end of its answer, by route; event streams are left out.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "route", "status"})
}

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// watch is around everything: the request's id and log, headers for safety, metrics, the access log, panics.
func (s *server) watch(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestID.MatchString(id) {
		id = ulid.Make().String()
	}
	r := &request{id: id, log: s.Log.WithField("request_id", id), head: wasHead(c.Request.Context())}
	if run := runOf(c); run != "" {
		r.log = r.log.WithField("run", run)
	}
	c.Request = c.Request.WithContext(withRequest(c.Request.Context(), r))
	safeHeaders(c.Writer.Header(), id)
	if c.Request.Body != nil && c.Request.Body != http.NoBody { // also of who is refused before his body is read
		_ = huma.SetReadDeadline(c.Writer, time.Now().Add(jsonTime))
	}
	start := time.Now()
	defer func() {
		if cause := recover(); cause != nil {
			s.recovered(c, r, cause)
		}
		s.tell(c, r, time.Since(start))
	}()
	c.Next()
}

// runOf is the run that a path is about.
func runOf(c *gin.Context) string {
	switch pattern := strings.TrimPrefix(c.FullPath(), base); {
	case strings.HasPrefix(pattern, "/runs/:id"):
		return c.Param("id")
	case strings.HasPrefix(pattern, "/work/:run"):
		return c.Param("run")
	}
	return ""
}

func safeHeaders(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

func (s *server) recovered(c *gin.Context, r *request, cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	r.log.WithField("panic", cause).WithField("stack", string(debug.Stack())).Error("request panicked")
	if !c.Writer.Written() {
		write(c, newProblem(http.StatusInternalServerError, sb.Internal, ""))
	}
}

// tell writes the line of the access log and the metrics. Queries and keys are never logged.
func (s *server) tell(c *gin.Context, r *request, took time.Duration) {
	route, status := c.FullPath(), c.Writer.Status()
	if route == "" {
		route = "none"
	}
	stream := strings.HasPrefix(c.Writer.Header().Get("Content-Type"), eventStream)
	if !stream {
		s.timing.WithLabelValues(c.Request.Method, route, strconv.Itoa(status)).Observe(took.Seconds())
	}
	level := logrus.InfoLevel
	if !strings.HasPrefix(route, base) {
		level = logrus.DebugLevel
	}
	r.log.WithFields(logrus.Fields{
		"method": c.Request.Method, "route": route, "path": c.Request.URL.Path, "status": status,
		"bytes": max(c.Writer.Size(), 0), "ms": float64(took.Microseconds()) / 1000, "client": c.ClientIP(),
	}).Log(level, "request")
}

// unescape decodes path parameters, once. Gin's own decoding would turn "+" into a space.
func (s *server) unescape(c *gin.Context) {
	if _, err := url.ParseQuery(c.Request.URL.RawQuery); err != nil || strings.Contains(c.Request.URL.RawQuery, "%00") {
		c.Abort()
		write(c, newProblem(http.StatusUnprocessableEntity, sb.Invalid, "the query of this address is not readable"))
		return
	}
	for i, p := range c.Params {
		v, err := url.PathUnescape(p.Value)
		if err != nil || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			c.Abort()
			write(c, newProblem(http.StatusUnprocessableEntity, sb.Invalid, "the path of this address is not readable"))
			return
		}
		c.Params[i].Value = v
	}
}

// noRoute answers a browser that asks for a page with the application, which knows its addresses, and others with 404.
func (s *server) noRoute(c *gin.Context) {
	if pageAt(c.Request) {
		s.applicationPage(c)
		return
	}
	write(c, newProblem(http.StatusNotFound, sb.NotFound, "there is nothing at this address"))
}

func (s *server) noMethod(c *gin.Context) {
	write(c, newProblem(http.StatusMethodNotAllowed, sb.Invalid, "this address does not take "+c.Request.Method))
}

// write answers with a problem outside of Huma.
func write(c *gin.Context, p *Problem) {
	for name, values := range p.GetHeaders() {
		c.Header(name, values[0])
	}
	c.Header("Content-Type", p.ContentType(""))
	c.Status(p.Status)
	if err := json.NewEncoder(c.Writer).Encode(p); err != nil {
		requestOf(c.Request.Context()).log.WithError(err).Debug("the client did not take the answer")
	}
}

type headKey struct{}

func wasHead(ctx context.Context) bool {
	head, _ := ctx.Value(headKey{}).(bool)
	return head
}

// headAsGet routes HEAD to the handlers of GET. The server itself leaves the body out; handlers that stream ask the
// request whether one is wanted.
func headAsGet(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
			r.Method = http.MethodGet
		}
		h.ServeHTTP(w, r)
	})
}
