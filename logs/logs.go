// Package logs keeps the output of runs: in chunks while a run goes on, in one object with an index beside it when it
// is over. It parses lines into time, severity and message, and shows a log whole, by ranges, by windows and live, from
// any replica.
package logs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// Options are settings of Logs; zero ones take their defaults.
type Options struct {
	Holder  string        // this process's name in leases, for people
	Log     *logrus.Entry // what compaction could not do; default none
	Sweep   time.Duration // how often finished runs are looked for that no note told of; 15 s
	Refresh time.Duration // how often a follower looks without a note; 2 s
	Workers int           // how many logs are compacted at once; 4
	Rows    int           // of chunks of one log, above which they are joined before the run is over; 10,000
	Now     func() time.Time

	Mask      Mask      // default: nothing is a secret
	Elsewhere Elsewhere // nil: what others keep cannot be read here
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		quiet := logrus.New()
		quiet.SetOutput(io.Discard)
		o.Log = logrus.NewEntry(quiet)
	}
	if o.Sweep <= 0 {
		o.Sweep = 15 * time.Second
	}
	if o.Refresh <= 0 {
		o.Refresh = 2 * time.Second
	}
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Rows <= 0 {
		o.Rows = 10_000
	}
	if o.Holder == "" {
		o.Holder = "signalbox"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Mask == nil {
		o.Mask = func(context.Context, sb.Process) (sb.Mask, error) { return sb.Mask{}, nil }
	}
	return o
}

// Logs keeps and shows the logs of runs. It is safe for use by several goroutines and replicas. Whether someone may see
// a log, or a process may still add to one, has been checked by the caller.
type Logs struct {
	store Store
	blobs sb.Blobs
	notes Notes
	opts  Options
	long  chan string // runs whose logs may have too many chunks
	ends  ends
}

// New makes Logs; its Run compacts logs, all else works without it.
func New(store Store, blobs sb.Blobs, notes Notes, opts Options) *Logs {
	return &Logs{store: store, blobs: blobs, notes: notes, opts: opts.withDefaults(), long: make(chan string, waiting)}
}

// Append keeps a chunk of a process's log: whole lines, of which the last may lack its newline, with numbers from 0. It
// is durable when Append returns. The same chunk again is fine. With ndjson, lines {timestamp, severity, message} are
// kept as readable text. Errors: Invalid, TooLarge, Conflict (with Want for a gap), Unavailable.
func (l *Logs) Append(ctx context.Context, p sb.Process, seq int64, body []byte, ndjson bool) error {
	if seq < 0 {
		return sb.Errorf(sb.Invalid, "the numbers of log chunks count from 0")
	}
	if len(body) > sb.MaxChunk {
		return sb.Errorf(sb.TooLarge, "a log chunk has at most %d bytes; send the rest as the next", sb.MaxChunk)
	}
	if p.Source == "" {
		p.Source = sb.MainSource
	}
	return l.keep(ctx, sb.Chunk{Process: p, Seq: seq}, body, ndjson)
}

// keep writes the object of a chunk, then its row.
func (l *Logs) keep(ctx context.Context, c sb.Chunk, body []byte, ndjson bool) error {
	sum := sha256.Sum256(body) // of what was sent, so that sending it again is seen as the same
	if ndjson {
		body = readable(body, l.opts.Now())
	}
	c.Size, c.SHA256 = int64(len(body)), hex.EncodeToString(sum[:])
	if err := l.putChunk(ctx, c, body); err != nil {
		return err
	}
	if err := l.border(ctx, c, body); err != nil {
		return err
	}
	sb.FaultPoint("chunk.put") // the object without its row
	err := l.store.AddChunk(ctx, c)
	sb.FaultPoint("chunk.after")
	if err == nil {
		l.maybeLong(c)
	}
	return err
}

// readable writes lines of JSON as text. What is no such line stays as it is. A line without a time takes now: always
// the same number of bytes, so that a chunk sent again has the same size.
func readable(body []byte, now time.Time) []byte {
	out := make([]byte, 0, len(body))
	for line := range bytes.Lines(body) {
		var l struct {
			Timestamp *time.Time  `json:"timestamp"`
			Severity  sb.Severity `json:"severity"`
			Message   *string     `json:"message"`
		}
		text := bytes.TrimRight(line, "\r\n")
		if err := json.Unmarshal(text, &l); err != nil || l.Message == nil {
			out = append(out, line...)
			continue
		}
		at := now
		if l.Timestamp != nil {
			at = *l.Timestamp
		}
		out = append(append(out, sb.FormatLine(at, severity(l.Severity), []byte(*l.Message))...), '\n')
	}
	return out
}

// severity takes the names that our severities go by, in any case.
func severity(s sb.Severity) sb.Severity {
	upper := bytes.ToUpper([]byte(s))
	for _, known := range sb.Severities {
		if string(known) == string(upper) {
			return known
		}
	}
	switch string(upper) {
	case "WARN":
		return sb.Warning
	case "FATAL", "PANIC":
		return sb.Critical
	}
	return sb.Info
}
