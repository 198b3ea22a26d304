package executors

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFullDiskSlowsTheWriterAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := openSpool(t)
	require.NoError(t, s.Write(t.Context(), []byte("one\n")))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	disk := s.out
	s.out = full

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Write(impatient, []byte("two\n")), context.Canceled, "it waits for room, for as long as it may")

	s.out = disk // there is room again
	require.NoError(t, full.Close())
	require.NoError(t, s.Write(t.Context(), []byte("two\n")))
	lines, err := s.Next(100)
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\n", string(lines))
}
