package airflow

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

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

// raisedEvent is a line of Airflow 3's log that tells of an exception.
type raisedEvent struct {
	At     *time.Time `json:"timestamp"`
	Event  string     `json:"event"`
	Level  string     `json:"level"`
	Detail []raisedBy `json:"error_detail"`
}

type raisedBy struct {
	Type   string `json:"exc_type"`
	Value  string `json:"exc_value"`
	Cause  bool   `json:"is_cause"`
	Frames []struct {
		File string `json:"filename"`
		Line int    `json:"lineno"`
		Name string `json:"name"`
	} `json:"frames"`
}

// writeOutErrors writes an exception that Airflow 3 gives as data the way Python does, in a line of our format. Other
// lines stay as they are.
func writeOutErrors(line []byte) []byte {
	if !bytes.Contains(line, []byte(`"error_detail"`)) {
		return line
	}
	var e raisedEvent
	if json.Unmarshal(line, &e) != nil || len(e.Detail) == 0 || e.At == nil {
		return line
	}
	var text strings.Builder
	text.WriteString(e.Event)
	for i := len(e.Detail) - 1; i >= 0; i-- { // Python writes what was raised first at the top
		e.Detail[i].write(&text)
		if i > 0 {
			link := "During handling of the above exception, another exception occurred:"
			if e.Detail[i].Cause {
				link = "The above exception was the direct cause of the following exception:"
			}
			text.WriteString("\n\n" + link + "\n")
		}
	}
	return append(sb.FormatLine(*e.At, severity(e.Level), []byte(text.String())), '\n')
}

func (r raisedBy) write(to *strings.Builder) {
	to.WriteString("\nTraceback (most recent call last):")
	for _, f := range r.Frames {
		fmt.Fprintf(to, "\n  File %q, line %d, in %s", f.File, f.Line, f.Name)
	}
	fmt.Fprintf(to, "\n%s: %s", r.Type, r.Value)
}

func severity(level string) sb.Severity {
	switch strings.ToLower(level) {
	case "debug":
		return sb.Debug
	case "warning", "warn":
		return sb.Warning
	case "info":
		return sb.Info
	case "critical":
		return sb.Critical
	}
	return sb.ErrorLine
}
