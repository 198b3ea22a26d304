package airflow

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	sb "signalbox"
)

// How much of a failed task's log is read for its exception, and how much of that is kept.
const (
	logMost   = 64 << 20
	stackMost = 64 << 10
)

// failedWith is what both versions log before an exception.
const failedWith = "Task failed with exception"

// raised gives the traceback of the exception that ended a task, "" when its log has none.
func (a *Adapter) raised(ctx context.Context, at sb.Place, t taskInstance) (string, error) {
	body, err := a.Log(ctx, at, sb.Part{Source: t.source()}, t.Try)
	if err != nil {
		return "", err
	}
	defer body.Close()
	in := bufio.NewReaderSize(io.LimitReader(body, logMost), sb.MaxLine)
	var last, open []byte
	within := false
	for {
		line, err := in.ReadSlice('\n')
		_, _, message, known := sb.ParseLine(bytes.TrimRight(line, "\n"))
		switch {
		case known:
			within = string(message) == failedWith
			if len(open) > 0 {
				last, open = open, nil
			}
		case within && len(open)+len(line) <= stackMost:
			open = append(open, bytes.TrimPrefix(line, []byte{'\t'})...)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if len(open) > 0 {
		last = open
	}
	return strings.TrimRight(string(last), "\n"), nil
}
