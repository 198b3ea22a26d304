package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

const (
	quiet     = 15 * time.Second // then a comment shows that the stream lives
	streaming = "text/event-stream; charset=utf-8"
)

// feed writes server-sent events. Every event is on its way when its method returns.
type feed struct {
	w  io.Writer
	rc *http.ResponseController
}

// event writes one event; id and name may be empty.
func (f feed) event(id, name string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	head := ""
	if id != "" {
		head += "id: " + id + "\n"
	}
	if name != "" {
		head += "event: " + name + "\n"
	}
	return f.write(fmt.Sprintf("%sdata: %s\n\n", head, body))
}

// comment shows that the stream lives.
func (f feed) comment() error { return f.write(": \n\n") }

func (f feed) write(text string) error {
	if _, err := io.WriteString(f.w, text); err != nil {
		return err
	}
	return f.rc.Flush()
}

// streamOf answers with events until follow returns, the reader leaves or the server closes.
func streamOf(closing <-chan struct{}, follow func(context.Context, feed) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		c := humagin.Unwrap(hctx)
		hctx.SetHeader("Content-Type", streaming)
		hctx.SetHeader("X-Accel-Buffering", "no")
		hctx.SetStatus(http.StatusOK)
		if requestOf(hctx.Context()).head {
			return
		}
		ctx, cancel := context.WithCancel(hctx.Context())
		defer cancel()
		go func() {
			select {
			case <-closing:
				cancel()
			case <-ctx.Done():
			}
		}()
		f := feed{w: c.Writer, rc: http.NewResponseController(c.Writer)}
		_ = f.rc.SetReadDeadline(time.Time{})
		if err := f.comment(); err != nil {
			return
		}
		if err := follow(ctx, f); err != nil && ctx.Err() == nil {
			requestOf(ctx).log.WithError(err).Debug("event stream ended")
		}
	}}
}
