package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var all times
	for n := range 100 {
		all = append(all, time.Duration(100-n)*time.Millisecond)
	}
	require.Equal(t, 51*time.Millisecond, all.p50())
	require.Equal(t, 100*time.Millisecond, all.p99())
	require.Equal(t, 100*time.Millisecond, all.at(1))
	require.Zero(t, times(nil).p99())
}

// at makes a run that held a slot between two seconds.
func at(queued, ended int) client.Run {
	q, e := time.Unix(int64(queued), 0), time.Unix(int64(ended), 0)
	return client.Run{QueuedAt: &q, EndedAt: &e}
}

func TestSlotsAtOnce(t *testing.T) {
	t.Parallel()
	require.Zero(t, mostAtOnce([]client.Run{{}}))
	require.Equal(t, 1, mostAtOnce([]client.Run{at(1, 2), at(2, 3)}))
	require.Equal(t, 2, mostAtOnce([]client.Run{at(1, 3), at(2, 4), at(4, 5)}))
}

func TestWhoIsOutOfTurn(t *testing.T) {
	t.Parallel()
	require.Zero(t, overtakings([]client.Run{at(1, 9), at(1, 9), at(2, 3)}))
	require.Equal(t, 1, overtakings([]client.Run{at(2, 9), at(1, 9), at(3, 9)}))
	first, second := client.Run{Queue: &client.Queued{Position: 1}}, client.Run{Queue: &client.Queued{Position: 2}}
	require.Zero(t, misplaced([]client.Run{first, second}))
	require.Equal(t, 2, misplaced([]client.Run{second, first}))
	require.Equal(t, 1, misplaced([]client.Run{{}}))
}

func TestLogTextIsWholeLines(t *testing.T) {
	t.Parallel()
	text := logText(sb.MaxChunk)
	require.Len(t, text, sb.MaxChunk)
	require.True(t, bytes.HasSuffix(text, []byte("\n")))
	for line := range bytes.Lines(text) {
		require.Less(t, len(line), 400)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-only", "lists,logs", "-quick"})
	require.NoError(t, err)
	require.Empty(t, o.out, "part of a report does not replace the whole")
	require.Equal(t, map[string]bool{"lists": true, "logs": true}, o.only)
	_, err = parse([]string{"-only", "lists,list"})
	require.ErrorContains(t, err, `no part "list"`)
	o, err = parse(nil)
	require.NoError(t, err)
	require.Equal(t, "docs/benchmarks.md", o.out)
}
