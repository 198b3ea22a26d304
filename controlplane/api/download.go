package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"

	sb "signalbox"
)

// part is a part of something with a size, in bytes.
type part struct {
	offset, length int64
	partial        bool
}

// rangeOf reads a Range header. As HTTP allows, what it does not understand, and several ranges, mean the whole. It is
// false for a range that lies behind the end.
func rangeOf(header string, size int64) (part, bool) {
	whole := part{length: size}
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return whole, true
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return whole, true
	}
	if first == "" {
		return suffixOf(last, size)
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return whole, true
	}
	to := size - 1
	if last != "" {
		named, err := strconv.ParseInt(last, 10, 64)
		if err != nil || named < from {
			return whole, true
		}
		to = min(to, named)
	}
	return part{offset: from, length: to - from + 1, partial: true}, from < size
}

// suffixOf is the last n bytes.
func suffixOf(text string, size int64) (part, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return part{length: size}, true
	}
	n = min(n, size)
	return part{offset: size - n, length: n, partial: true}, n > 0
}

func unsatisfiable(size int64) error {
	p := newProblem(http.StatusRequestedRangeNotSatisfiable, sb.Invalid, fmt.Sprintf("the log has %d bytes; the range lies behind its end", size))
	p.header = http.Header{"Content-Range": {fmt.Sprintf("bytes */%d", size)}}
	return p
}

// sent is a file that is sent as an attachment.
type sent struct {
	kind string
	name string
	part part
	size int64         // of the whole
	body io.ReadCloser // of the part; nil to send headers only
}

func (s sent) response() *huma.StreamResponse { return &huma.StreamResponse{Body: s.send} }

// send writes headers and body. When the body breaks the connection is cut, so that nobody takes a piece for the whole.
func (s sent) send(ctx huma.Context) {
	ctx.SetHeader("Content-Type", s.kind)
	ctx.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": s.name}))
	ctx.SetHeader("Content-Length", strconv.FormatInt(s.part.length, 10))
	ctx.SetHeader("Accept-Ranges", "bytes")
	ctx.SetHeader(gzhttp.HeaderNoCompression, "1")
	status := http.StatusOK
	if s.part.partial {
		ctx.SetHeader("Content-Range", fmt.Sprintf("bytes %d-%d/%d", s.part.offset, s.part.offset+s.part.length-1, s.size))
		status = http.StatusPartialContent
	}
	ctx.SetStatus(status)
	if s.body == nil {
		return
	}
	defer func() { _ = s.body.Close() }()
	if requestOf(ctx.Context()).head {
		return
	}
	n, err := io.Copy(ctx.BodyWriter(), io.LimitReader(s.body, s.part.length))
	if err != nil || n < s.part.length {
		requestOf(ctx.Context()).log.WithError(err).WithField("sent", n).Info("a download broke off")
		panic(http.ErrAbortHandler)
	}
}

// sendZip sends an archive whole.
func sendZip(body io.ReadCloser, size int64, name string) *huma.StreamResponse {
	return sent{kind: "application/zip", name: plain(name), part: part{length: size}, size: size, body: body}.response()
}

// plain makes a name a file name on every system.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, strings.TrimPrefix(name, "@"))
}

// descending is a key of a number whose order as text is the largest number first.
func descending(n int) string { return fmt.Sprintf("%010d", 9_999_999_999-int64(n)) }
