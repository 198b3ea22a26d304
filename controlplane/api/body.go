package api

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/klauspost/compress/gzip"
)

// Limits of request bodies, after unpacking, and the time they may take to arrive.
const (
	smallBody    = 1 << 20
	runBody      = 4 << 20
	workBody     = 8 << 20
	completeBody = 20 << 20

	jsonTime   = 30 * time.Second
	workTime   = 2 * time.Minute
	uploadTime = 30 * time.Minute
)

// bodyError is what went wrong while a request's body was read: the client's fault, or the network's.
type bodyError struct{ cause error }

func (e *bodyError) Error() string { return "reading the body: " + e.cause.Error() }

func (e *bodyError) Unwrap() error { return e.cause }

// body bounds what a handler reads of a request: its size, and the time it takes to arrive.
type body struct {
	io.Reader
	io.Closer
	writer http.ResponseWriter
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		// A deadline left behind would cancel the request while its handler still works.
		_ = huma.SetReadDeadline(b.writer, time.Time{})
		return n, err
	}
	if err != nil {
		err = &bodyError{err}
	}
	return n, err
}

// bound is a middleware that bounds the body of a route.
func bound(limit int64, within time.Duration) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		if c.Request.Body == nil || c.Request.Body == http.NoBody {
			next(ctx)
			return
		}
		raw := http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		b := &body{Reader: raw, Closer: raw, writer: c.Writer}
		switch c.GetHeader("Content-Encoding") {
		case "", "identity":
		case "gzip":
			b.Reader = http.MaxBytesReader(c.Writer, io.NopCloser(&gunzip{from: raw}), limit)
			c.Request.Header.Del("Content-Length")
		default:
			refuse(ctx, newProblem(http.StatusUnsupportedMediaType, codeOf(http.StatusUnsupportedMediaType), "a body is sent as it is or with Content-Encoding: gzip"))
			return
		}
		_ = huma.SetReadDeadline(c.Writer, time.Now().Add(within))
		c.Request.Body = b
		next(ctx)
	}
}

// gunzip unpacks what it reads, beginning with the first read.
type gunzip struct {
	from io.Reader
	zip  *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil {
		zip, err := gzip.NewReader(g.from)
		if err != nil {
			return 0, &bodyError{err}
		}
		g.zip = zip
	}
	return g.zip.Read(p)
}
