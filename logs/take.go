package logs

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	sb "signalbox"
)

// takePiece is how much of a log is taken over at once: about that much, in whole lines.
const takePiece = sb.MaxChunk / 2

// Elsewhere opens the log of a run where others keep it. Errors as when it was read there first.
type Elsewhere interface {
	Open(ctx context.Context, run sb.Run, uri string) (io.ReadCloser, error)
}

// Mask hides what the processes of an attempt were given in the log of one of them.
type Mask func(ctx context.Context, p sb.Process) (sb.Mask, error)

// Take keeps a process's log that is read where it was written. The same log again is fine; Conflict: it differs from what was
// taken before. An error of the body comes back as it is, after what was read before it is kept.
func (l *Logs) Take(ctx context.Context, p sb.Process, body io.Reader) error {
	in := l.masked(ctx, p, body)
	for seq := int64(0); ; seq++ {
		chunk, end := in.next()
		if len(chunk) > 0 {
			if err := l.keep(ctx, sb.Chunk{Process: p, Seq: seq, Taken: true}, chunk, false); err != nil {
				return err
			}
			sb.FaultPoint("collect.piece")
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return end
		}
	}
}

// Refer notes that a process's log is read where others keep it. It is read once, for its size. Errors as of Take.
func (l *Logs) Refer(ctx context.Context, p sb.Process, uri string, body io.Reader) error {
	sum := sha256.New()
	size, end := io.Copy(sum, &pieceReader{in: l.masked(ctx, p, body)})
	if end != nil && sb.CodeOf(end) != sb.TooLarge { // what is cut is cut whenever it is read
		return end
	}
	c := sb.Chunk{Process: p, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), Taken: true, URI: uri}
	return errors.Join(l.store.AddChunk(ctx, c), end)
}

// pieces reads whole lines, up to a piece's size, without the secrets of their process; a longer line comes in parts. Always
// the same pieces of the same log.
type pieces struct {
	ctx  context.Context
	logs *Logs
	p    sb.Process
	in   *bufio.Reader
	mask *sb.Mask // nil: not read yet
	text []byte   // of the last piece and what is held
	held []byte   // its end, of a line that goes on: the beginning of a secret, perhaps
}

func (l *Logs) masked(ctx context.Context, p sb.Process, body io.Reader) *pieces {
	return &pieces{ctx: ctx, logs: l, p: p, in: bufio.NewReaderSize(body, sb.MaxChunk/4)}
}

// next gives the next piece, good until it is called again, also with the error that follows it.
func (r *pieces) next() (piece []byte, end error) {
	text := append(r.text[:0], r.held...)
	for full := len(text) + takePiece; len(text) < full && end == nil; {
		var line []byte
		line, end = r.in.ReadSlice('\n')
		text = append(text, line...)
		if errors.Is(end, bufio.ErrBufferFull) {
			end = nil
		}
	}
	if r.mask == nil {
		mask, err := r.logs.opts.Mask(r.ctx, r.p)
		if err != nil {
			return nil, err
		}
		r.mask = &mask
	}
	r.text, r.held = text, nil
	piece = r.mask.Bytes(text)
	if end == nil && len(piece) > 0 && piece[len(piece)-1] != '\n' {
		whole := len(piece) - min(max(r.mask.Longest()-1, 0), len(piece))
		r.held = piece[whole:]
		piece = piece[:whole]
	}
	return piece, end
}

// pieceReader reads pieces as one.
type pieceReader struct {
	in   *pieces
	rest []byte
	end  error
}

func (r *pieceReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.end != nil {
			return 0, r.end
		}
		r.rest, r.end = r.in.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// openElsewhere reads a segment that others keep from an offset in it.
func (l *Logs) openElsewhere(ctx context.Context, run sb.Run, s segment, offset int64) (io.ReadCloser, error) {
	if l.opts.Elsewhere == nil {
		return nil, sb.Errorf(sb.Unavailable, "the log lies at %s, and this process cannot read it there", s.uri)
	}
	body, err := l.opts.Elsewhere.Open(ctx, run, s.uri)
	if sb.CodeOf(err) == sb.NotFound {
		return nil, sb.Wrap(err, sb.Gone, "the log was read at %s and is not there any more", s.uri)
	}
	if err != nil {
		return nil, err
	}
	in := &unchanged{in: &pieceReader{in: l.masked(ctx, s.process, body)}, left: s.skip + s.size, uri: s.uri, body: body}
	if _, err := io.CopyN(io.Discard, in, offset); err != nil {
		_ = body.Close()
		return nil, err
	}
	return in, nil
}

// unchanged reads a log that others keep: as many bytes as it had when it was first read, and never fewer.
type unchanged struct {
	in   io.Reader
	left int64
	uri  string
	body io.Closer
}

func (r *unchanged) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if n == 0 && errors.Is(err, io.EOF) {
		err = sb.Errorf(sb.Gone, "the log at %s has changed since it was first read: it is shorter", r.uri)
	}
	return n, err
}

func (r *unchanged) Close() error { return r.body.Close() }

// elsewhere tells whether all of a log lies where others keep it, and where: the one place, or the folder of several.
func elsewhere(rows []sb.Chunk) (uri string, all bool) {
	for i, c := range rows {
		switch {
		case c.URI == "":
			return "", false
		case i == 0:
			uri = c.URI
		default:
			uri = common(uri, c.URI)
		}
	}
	return uri, len(rows) > 0
}

// common is the folder that two places share, with a slash at its end; the place when they are the same.
func common(a, b string) string {
	if a == b {
		return a
	}
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:strings.LastIndexByte(a[:n], '/')+1]
}
