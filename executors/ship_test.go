package executors

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func openSpool(t *testing.T) *spool {
	t.Helper()
	s, err := newSpool(filepath.Join(t.TempDir(), "spool"))
	require.NoError(t, err)
	t.Cleanup(s.Remove)
	return s
}

// What goes in comes out, in order and in whole lines, whatever the sizes of writes, reads and segments.
func TestSpoolKeepsOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s, err := newSpool(filepath.Join(dir, "spool"))
		require.NoError(t, err)
		defer s.Remove()
		s.segment = int64(rapid.IntRange(1, 60).Draw(t, "segment"))
		var in, out bytes.Buffer
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "write") {
				line := strings.Repeat("x", rapid.IntRange(0, 20).Draw(t, "line")) + fmt.Sprint(i) + "\n"
				require.NoError(t, s.Write(context.Background(), []byte(line)))
				in.WriteString(line)
				continue
			}
			take(t, s, &out, rapid.IntRange(30, 100).Draw(t, "most"))
		}
		for n, _ := s.Unsent(); n > 0; n, _ = s.Unsent() {
			take(t, s, &out, 100)
		}
		require.Equal(t, in.String(), out.String())
		left, err := os.ReadDir(s.dir)
		require.NoError(t, err)
		require.LessOrEqual(t, len(left), 2, "acknowledged segments are removed")
	})
}

func take(t require.TestingT, s *spool, out *bytes.Buffer, most int) {
	chunk, err := s.Next(most)
	require.NoError(t, err)
	require.LessOrEqual(t, len(chunk), most)
	if len(chunk) > 0 {
		require.Equal(t, byte('\n'), chunk[len(chunk)-1])
	}
	out.Write(chunk)
	s.Ack(len(chunk))
}

func TestFullSpoolSlowsItsWriter(t *testing.T) {
	t.Parallel()
	s := openSpool(t)
	s.most = 10
	require.NoError(t, s.Write(t.Context(), []byte("12345678\n")))

	wrote := make(chan error)
	go func() { wrote <- s.Write(t.Context(), []byte("more\n")) }()
	select {
	case <-wrote:
		require.Fail(t, "it did not wait")
	default:
	}
	s.Ack(9)
	require.NoError(t, <-wrote)
}

func TestWriterOfAFullSpoolGivesUp(t *testing.T) {
	t.Parallel()
	s := openSpool(t)
	s.most = 1
	require.NoError(t, s.Write(t.Context(), []byte("one\n")))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, s.Write(stopped, []byte("two\n")), context.Canceled)

	wrote := make(chan error)
	go func() { wrote <- s.Write(t.Context(), []byte("three\n")) }()
	s.Close()
	require.ErrorIs(t, <-wrote, errSpoolClosed)
}

// shipping starts a shipper to a plane; done gives its end.
func shipping(ctx context.Context, t *testing.T, p *plane) (s *shipper, done <-chan error) {
	t.Helper()
	s = &shipper{api: p, run: "R", token: "T", spool: openSpool(t), sent: make(chan struct{})}
	c := make(chan error, 1)
	go func() { c <- s.Run(ctx) }()
	return s, c
}

func TestShipperSendsChunksOfWholeLines(t *testing.T) {
	t.Parallel()
	p := &plane{heard: make(chan string, 100)}
	s, done := shipping(t.Context(), t, p)
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 1000 {
		require.NoError(t, s.spool.Write(t.Context(), line))
	}
	s.spool.Close()
	require.NoError(t, <-done)
	require.Equal(t, strings.Repeat(string(line), 1000), p.log())
	for _, chunk := range p.chunks {
		require.LessOrEqual(t, len(chunk), chunkMost)
		require.Zero(t, len(chunk)%1000)
	}
}

func TestShipperSendsALoneLineSoon(t *testing.T) {
	t.Parallel()
	p := &plane{heard: make(chan string, 100)}
	s, done := shipping(t.Context(), t, p)
	require.NoError(t, s.spool.Write(t.Context(), []byte("alone\n")))
	p.hears(t, "logs")
	require.Equal(t, "alone\n", p.log())
	s.spool.Close()
	require.NoError(t, <-done)
}

func TestShipperContinuesAtTheWantedNumber(t *testing.T) {
	t.Parallel()
	p := &plane{heard: make(chan string, 100), next: 7}
	s, done := shipping(t.Context(), t, p)
	require.NoError(t, s.spool.Write(t.Context(), []byte("a\n")))
	s.spool.Close()
	require.NoError(t, <-done)
	require.Equal(t, "a\n", string(p.chunks[7]))
}

func TestShipperEndsWhenNothingIsTaken(t *testing.T) {
	t.Parallel()
	p := &plane{heard: make(chan string, 100), fail: times(100, "logs", errStale)}
	s, done := shipping(t.Context(), t, p)
	require.NoError(t, s.spool.Write(t.Context(), []byte("a\n")))
	require.Equal(t, sb.Conflict, sb.CodeOf(<-done))
	require.ErrorIs(t, s.spool.Write(t.Context(), []byte("b\n")), errSpoolClosed)
}

func TestShipperEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	_, done := shipping(ctx, t, &plane{})
	stop()
	require.ErrorIs(t, <-done, context.Canceled)
}
