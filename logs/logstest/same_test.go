package logstest_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

// Whatever is added, joined and sent again, the log is the bytes of its chunks.
func TestAJoinedLogIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b, err := blobs.OpenFiles(t.TempDir())
		require.NoError(rt, err)
		defer func() { require.NoError(rt, b.Close()) }()
		r := newRows()
		r.begin("r", "")
		m := &model{t: t, Logs: logs.New(r, b, r, logs.Options{Rows: rapid.IntRange(1, 12).Draw(rt, "rows")}), rows: r}
		rt.Repeat(map[string]func(*rapid.T){
			"add":   m.add,
			"again": m.again,
			"join":  func(rt *rapid.T) { require.NoError(rt, m.Join(t.Context(), "r")) },
			"open":  m.openOrEnd,
			"":      m.same,
		})
		r.end("r")
		r.later(sb.ReportGrace)
		require.NoError(rt, m.Compact(t.Context(), "r"))
		m.same(rt)
	})
}

// model is what a log of three attempts should be.
type model struct {
	*logs.Logs
	t      *testing.T
	rows   *rows
	sent   [3][][]byte
	opened io.ReadCloser
	start  string // what there was to read when it was opened
}

func (m *model) process(i int) sb.Process {
	p := process("r")
	p.Attempt = i + 1
	return p
}

func (m *model) add(rt *rapid.T) {
	i := rapid.IntRange(0, 2).Draw(rt, "process")
	body := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "bytes")
	require.NoError(rt, m.Append(m.t.Context(), m.process(i), int64(len(m.sent[i])), body, false))
	m.sent[i] = append(m.sent[i], body)
}

func (m *model) again(rt *rapid.T) {
	i := rapid.IntRange(0, 2).Draw(rt, "process")
	if len(m.sent[i]) > 0 {
		seq := rapid.IntRange(0, len(m.sent[i])-1).Draw(rt, "number")
		require.NoError(rt, m.Append(m.t.Context(), m.process(i), int64(seq), m.sent[i][seq], false))
	}
}

// openOrEnd begins to read, or reads what it began to before other things happened.
func (m *model) openOrEnd(rt *rapid.T) {
	if m.opened == nil {
		m.start, m.opened = m.want(), m.open(rt)
		return
	}
	require.Equal(rt, m.start, m.end(rt, m.opened))
	m.opened = nil
}

func (m *model) same(rt *rapid.T) { require.Equal(rt, m.want(), m.end(rt, m.open(rt))) }

func (m *model) open(rt *rapid.T) io.ReadCloser {
	run, err := m.rows.Run(m.t.Context(), "r")
	require.NoError(rt, err)
	r, _, err := m.Open(m.t.Context(), run, 0, -1)
	require.NoError(rt, err)
	return r
}

func (m *model) end(rt *rapid.T, r io.ReadCloser) string {
	text, err := io.ReadAll(r)
	require.NoError(rt, err)
	require.NoError(rt, r.Close())
	return string(text)
}

func (m *model) want() string {
	var parts []string
	for i, sent := range m.sent {
		if len(sent) > 0 {
			parts = append(parts, fmt.Sprintf("===== attempt %d =====\n", i+1), string(bytes.Join(sent, nil)))
		}
	}
	if len(parts) == 2 {
		return parts[1]
	}
	text := ""
	for i, part := range parts {
		if i > 0 && i%2 == 0 {
			text += "\n"
		}
		text += part
	}
	return text
}
