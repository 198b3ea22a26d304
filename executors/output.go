package executors

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	sb "signalbox"
)

// output puts the lines of an attempt's streams into its spool. Lines that cannot be kept are left out, and the log says
// so where they are missing. Safe for use by several goroutines.
type output struct {
	spool *spool
	line  func(text string) []byte // a line of ours, as it is shipped

	mu          sync.Mutex
	lines, size int   // left out since the last line that was kept
	cause       error // why
}

// Write keeps whole lines. It waits while the spool is full, until ctx is done; then, and on a broken disk, it leaves
// out what does not fit. It never fails: what the operator does must not hang on its log.
func (o *output) Write(ctx context.Context, lines []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := lines
	if o.lines > 0 {
		text = append(o.note(), lines...)
	}
	if err := o.spool.Write(ctx, text); err != nil {
		o.lines += bytes.Count(lines, []byte("\n"))
		o.size += len(lines)
		o.cause = err
		return
	}
	o.lines, o.size, o.cause = 0, 0, nil
}

// Close says what is still to be said, and that nothing follows. The error tells what the log could not be told.
func (o *output) Close(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.spool.Close()
	if o.lines == 0 {
		return nil
	}
	if err := o.spool.Write(ctx, o.note()); err != nil {
		return sb.Wrap(o.cause, sb.Internal, "output was not kept (lines: %d, bytes: %d)", o.lines, o.size)
	}
	return nil
}

// note is the line that stands for those left out.
func (o *output) note() []byte {
	return o.line(fmt.Sprintf("[signalbox] Output is missing here (lines: %d, bytes: %d): the worker could not keep it.", o.lines, o.size))
}
