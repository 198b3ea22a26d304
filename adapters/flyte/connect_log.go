package flyte

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// log opens the log of an action's attempt, as its pod has it. Of an attempt that runs it comes as it is written. When the
// pod is gone, so is the log: where it is kept then is a matter of the cluster.
func (c *connect) log(ctx context.Context, at sb.Place, p sb.Part, try int) (io.ReadCloser, error) {
	if try < 1 {
		return nil, sb.Errorf(sb.NotFound, "the action has not been tried")
	}
	r, err := connectRequest(outbound.Polls, dataService+"TailLogs", map[string]any{
		"actionId": connectAction{Run: c.run(at.Name), Name: p.Source}, "attempt": try, "primaryPod": true,
	})
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{"Content-Type": {"application/connect+json"}, "Connect-Protocol-Version": {"1"}, "Accept-Encoding": {"identity"}}
	r.Body = envelope(r.Body)
	body, err := c.stream(ctx, r)
	if err != nil {
		return nil, err
	}
	l := &connectLines{body: body, in: bufio.NewReader(body)}
	if l.fill(); len(l.ready) > 0 {
		return l, nil
	}
	body.Close()
	if errors.Is(l.err, io.EOF) || sb.CodeOf(l.err) == sb.NotFound {
		return nil, sb.Errorf(sb.NotFound, "Flyte has no log of this attempt, or its pod is gone")
	}
	return nil, l.err
}

// stream opens an answer that comes in frames.
func (c *connect) stream(ctx context.Context, r outbound.Request) (io.ReadCloser, error) {
	body, reply, err := c.a.streamed(ctx, r)
	if err == nil {
		err = c.verdict("TailLogs", reply)
	}
	switch {
	case err != nil:
		return nil, err
	case body == nil:
		return nil, sb.Errorf(sb.Unavailable, "Flyte answers with status %d, and no log", reply.Status)
	case reply.Header.Get("Content-Type") != "application/connect+json":
		body.Close()
		return nil, sb.Errorf(sb.Unavailable, "the answer is no stream, perhaps the page of a proxy before Flyte")
	}
	return body, nil
}

// Frames of a stream: a byte of flags, four of length, the message.
const (
	frameHead       = 5
	frameCompressed = 1
	frameLast       = 2
)

func envelope(message []byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(head, message...)
}

// connectLines gives the lines in the frames of a stream.
type connectLines struct {
	body  io.Closer
	in    *bufio.Reader
	ready []byte
	err   error
}

func (l *connectLines) Read(p []byte) (int, error) {
	if len(p) > 0 && len(l.ready) == 0 && l.err == nil {
		l.fill()
	}
	n := copy(p, l.ready)
	l.ready = l.ready[n:]
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, l.err
}

func (l *connectLines) Close() error { return l.body.Close() }

// fill reads frames until one has lines, or until the end.
func (l *connectLines) fill() {
	for len(l.ready) == 0 && l.err == nil {
		flags, message, err := l.frame()
		switch {
		case err != nil:
			l.err = err
		case flags&frameLast != 0:
			l.err = lastWord(message)
		default:
			l.ready, l.err = linesOf(message)
		}
	}
}

func (l *connectLines) frame() (flags byte, message []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return 0, nil, brokenOff(err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > outbound.MaxReply || head[0]&frameCompressed != 0 {
		return 0, nil, sb.Errorf(sb.Unavailable, "Flyte's stream has a part that is too large, or compressed without being asked")
	}
	message = make([]byte, size)
	_, err = io.ReadFull(l.in, message)
	return head[0], message, brokenOff(err)
}

// brokenOff is the error of a stream that ends without its last frame.
func brokenOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return sb.Errorf(sb.Unavailable, "Flyte's stream broke off")
	}
	return err
}

// lastWord reads the last frame: an error, or the end.
func lastWord(message []byte) error {
	var end struct {
		Error *struct{ Code, Message string }
	}
	if json.Unmarshal(message, &end) != nil {
		return sb.Errorf(sb.Unavailable, "Flyte's stream broke off")
	}
	if end.Error == nil {
		return io.EOF
	}
	return (&connectRefused{code: end.Error.Code, said: end.Error.Message}).inWords("TailLogs")
}

// linesOf writes the lines of a message. A line in a format that is known stays as it is when it has a time; others get
// the time at which Flyte met them.
func linesOf(message []byte) ([]byte, error) {
	var m struct {
		Logs []struct {
			Lines []struct {
				At      *time.Time `json:"timestamp"`
				Message string     `json:"message"`
			} `json:"lines"`
		} `json:"logs"`
	}
	if json.Unmarshal(message, &m) != nil {
		return nil, sb.Errorf(sb.Unavailable, "Flyte's stream has a message that cannot be read")
	}
	var out []byte
	for _, logs := range m.Logs {
		for _, line := range logs.Lines {
			out = appendLine(out, line.At, []byte(line.Message))
		}
	}
	return out, nil
}

func appendLine(out []byte, at *time.Time, message []byte) []byte {
	own, severity, text, _ := sb.ParseLine(message)
	if own == nil && at != nil {
		message = sb.FormatLine(*at, severity, text)
	}
	return append(append(out, message...), '\n')
}
