package process

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	sb "signalbox"
)

// How a shim repeats its report. It gives up at last: the run counts as lost long before.
const (
	tellFirst = 100 * time.Millisecond
	tellMost  = 2 * time.Second
	tellFor   = 24 * time.Hour
)

// tell reports the end until it is answered: accepted, or refused for good. It returns the status to exit with.
func tell(ctx context.Context, o order, end sb.EndRequest) int {
	if o.URL == "" {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, tellFor)
	defer cancel()
	body, err := json.Marshal(end)
	if err != nil {
		return 1
	}
	url := strings.TrimRight(o.URL, "/") + "/api/v1/work/" + o.Run + "/end"
	for wait := tellFirst; ; wait = min(2*wait, tellMost) {
		if post(ctx, url, o.Token, body) {
			return 0
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return 1
		}
	}
}

// door is the way to the control plane. It follows no redirect, which would carry the token elsewhere.
var door = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post tells whether the report was answered in a way that a repetition would not change.
func post(ctx context.Context, url, token string, body []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return true
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := door.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return final(resp.StatusCode, resp.Header.Get("Content-Type"))
}

// final tells whether an answer is the control plane's last word. What a proxy in between says is none.
func final(status int, contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch {
	case status/100 == 2:
		return kind == "application/json" || kind == ""
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4 && kind == "application/problem+json"
}
