package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

// say writes a piece of a stream and sends it off.
func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

func TestLogStreamGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	var from []string
	api, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from = append(from, r.Header.Get("Last-Event-ID"))
		switch len(from) {
		case 1:
			say(w, ": \n\nid: 6\ndata: {\"next\":6,\"entries\":[{\"severity\":\"INFO\",\"message\":\"one\"}]}\n\nid: 9\ndata: {\"nex")
			panic(http.ErrAbortHandler)
		case 2:
			reply(w, 503, "application/problem+json", `{"code":"unavailable"}`)
		case 3:
			say(w, "id: 12\ndata: {\"next\":12,\"entries\":[{\"severity\":\"ERROR\",\"message\":\"two\\nthree\"}]}\n\n")
		default:
			say(w, "event: end\ndata: {\"complete\":true}\n\n")
		}
	})
	var got []string
	err := api.Runs.StreamLogs(t.Context(), "1", func(lines []sb.Line) error {
		for _, l := range lines {
			got = append(got, l.Message)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two\nthree"}, got)
	require.Equal(t, []string{"", "6", "6", "12"}, from)
}

func TestLogStreamEnds(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		check func(*testing.T, error)
	}{
		"when the server refuses": {
			func(w http.ResponseWriter, _ *http.Request) {
				reply(w, 404, "application/problem+json", `{"code":"not_found","detail":"no"}`)
			},
			func(t *testing.T, err error) { require.Equal(t, sb.NotFound, sb.CodeOf(err)) },
		},
		"when its reader has enough": {
			func(w http.ResponseWriter, r *http.Request) {
				say(w, "data: {\"next\":1,\"entries\":[{\"message\":\"x\"}]}\n\n")
				<-r.Context().Done()
			},
			func(t *testing.T, err error) { require.ErrorIs(t, err, enough) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, _ := serve(t, c.serve)
			c.check(t, api.Runs.StreamLogs(t.Context(), "1", func([]sb.Line) error { return enough }))
		})
	}
}

func TestWatchTellsOfEachConnection(t *testing.T) {
	t.Parallel()
	calls := 0
	api, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		say(w, fmt.Sprintf(": \n\ndata: not json\n\ndata: {\"kind\":\"run\",\"id\":\"%d\"}\n\n", calls))
	})
	enough := errors.New("enough")
	var got []client.Change
	err := api.Runs.Watch(t.Context(), func(c client.Change) error {
		if got = append(got, c); len(got) == 4 {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	require.Equal(t, []client.Change{
		{Kind: client.Connected}, {Kind: "run", ID: "1"}, {Kind: client.Connected}, {Kind: "run", ID: "2"},
	}, got)
}
