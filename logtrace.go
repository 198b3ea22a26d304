package signalbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

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

// WriteOutError writes an exception that a line of Airflow 3's log holds as data the way Python does, in our own format. Other
// lines stay as they are.
func WriteOutError(line []byte) []byte {
	if !bytes.Contains(line, []byte(`_detail":`)) { // it begins with what is rare in a log, which is much faster to find
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
	sev, known := severityOf([]byte(strings.ToUpper(e.Level)))
	if !known {
		sev = ErrorLine
	}
	return append(FormatLine(*e.At, sev, []byte(text.String())), '\n')
}

func (r raisedBy) write(to *strings.Builder) {
	to.WriteString("\nTraceback (most recent call last):")
	for _, f := range r.Frames {
		fmt.Fprintf(to, "\n  File %q, line %d, in %s", f.File, f.Line, f.Name)
	}
	fmt.Fprintf(to, "\n%s: %s", r.Type, r.Value)
}
