package executors

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func openOutput(t *testing.T) *output {
	t.Helper()
	return &output{spool: openSpool(t), line: func(text string) []byte { return []byte(text + "\n") }}
}

const missing = "[signalbox] Output is missing here (lines: 2, bytes: 8): the worker could not keep it.\n"

func TestOutputThatIsLeftOutIsTold(t *testing.T) {
	t.Parallel()
	t.Run("where it is missing, when there is room again", func(t *testing.T) {
		t.Parallel()
		o, stopped := openOutput(t), canceled(t)
		o.spool.most = 4
		o.Write(stopped, []byte("one\n"))
		o.Write(stopped, []byte("two\n"))
		o.Write(stopped, []byte("six\n"))
		o.spool.most = spoolMost
		o.Write(stopped, []byte("ten\n"))
		require.NoError(t, o.Close(t.Context()))
		kept, err := o.spool.Next(1000)
		require.NoError(t, err)
		require.Equal(t, "one\n"+missing+"ten\n", string(kept))
	})
	t.Run("at the end, where room is waited for", func(t *testing.T) {
		t.Parallel()
		o, stopped := openOutput(t), canceled(t)
		o.spool.most = 4
		o.Write(stopped, []byte("one\n"))
		o.Write(stopped, []byte("two\nsix\n"))
		ended := make(chan error)
		go func() { ended <- o.Close(t.Context()) }()
		o.spool.Ack(4)
		require.NoError(t, <-ended)
		kept, err := o.spool.Next(1000)
		require.NoError(t, err)
		require.Equal(t, missing, string(kept))
	})
	t.Run("in the worker's log, when nobody takes it", func(t *testing.T) {
		t.Parallel()
		o := openOutput(t)
		full, err := os.OpenFile("/dev/null", os.O_RDONLY, 0) // every write fails
		require.NoError(t, err)
		disk := o.spool.out
		o.spool.out = full
		o.Write(t.Context(), []byte("one\n"))
		require.ErrorContains(t, o.Close(t.Context()), "output was not kept (lines: 1, bytes: 4)")
		o.spool.out = disk
		require.NoError(t, full.Close())
	})
}
