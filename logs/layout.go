package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	sb "signalbox"
)

// segment is a part of a log: an object or its end, or a heading of ours.
type segment struct {
	start   int64
	size    int64
	heading string
	key     string
	uri     string     // where others keep it; "" for an object of ours
	skip    int64      // bytes of the object before it
	process sb.Process // whose output it is
	pos     int64      // bytes of that output before it, which stay the same whatever is joined
}

// layout is how the parts of a log make the whole.
type layout struct {
	segments []segment
	size     int64
}

func (y *layout) add(s segment) {
	if s.size == 0 {
		return
	}
	s.start = y.size
	y.segments = append(y.segments, s)
	y.size += s.size
}

// join lays out the chunks of a log, in their order. Only where there is more than one process do headings name them.
func join(chunks []sb.Chunk) layout {
	var y layout
	several := len(chunks) > 0 && chunks[0].Process != chunks[len(chunks)-1].Process
	pos := int64(0)
	for i, c := range chunks {
		if i == 0 || c.Process != chunks[i-1].Process {
			pos = 0
			if several {
				h := heading(c.Process, i == 0)
				y.add(segment{size: int64(len(h)), heading: h})
			}
		}
		y.add(segment{size: c.Size, key: c.Key(), uri: c.URI, process: c.Process, pos: pos})
		pos += c.Size
	}
	return y
}

// heading names a process. The line before may lack its newline, so all but the first begin with one.
func heading(p sb.Process, first bool) string {
	var b strings.Builder
	if !first {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "===== attempt %d", p.Attempt)
	if p.Source != sb.MainSource {
		fmt.Fprintf(&b, ", %s", strings.Map(printable, p.Source))
	}
	if p.Try > 1 {
		fmt.Fprintf(&b, ", try %d", p.Try)
	}
	b.WriteString(" =====\n")
	return b.String()
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}

// kept tells whether the run's log is one object of ours.
func kept(run sb.Run) bool { return run.Log != nil && strings.HasPrefix(run.Log.Path, "do_logs/") }

func keptLayout(run sb.Run) layout {
	var y layout
	y.add(segment{size: run.Log.Size, key: run.Log.Path})
	return y
}

// layout finds how a run's log lies now. The chunks may give way to the finished log while it looks.
func (l *Logs) layout(ctx context.Context, run sb.Run) (layout, error) {
	if kept(run) {
		return keptLayout(run), nil
	}
	rows, err := l.store.Chunks(ctx, run.ID, 0)
	if err != nil {
		return layout{}, err
	}
	if len(rows) == 0 {
		if run, err = l.store.Run(ctx, run.ID); err != nil {
			return layout{}, err
		}
		if kept(run) {
			return keptLayout(run), nil
		}
	}
	return join(rows), nil
}

// moved lays out the same bytes where they are now that chunks were joined: each lies whole in one object, as far behind
// the beginning of its process's output as before. What is not found stays as it is.
func (y layout) moved(now layout) layout {
	of := map[sb.Process][]segment{}
	for _, s := range now.segments {
		of[s.process] = append(of[s.process], s)
	}
	segments := slices.Clone(y.segments)
	for i := range segments {
		s := &segments[i]
		list := of[s.process]
		n := sort.Search(len(list), func(i int) bool { return list[i].pos > s.pos }) - 1
		if s.heading == "" && n >= 0 && s.pos+s.size <= list[n].pos+list[n].size {
			s.key, s.skip = list[n].key, s.pos-list[n].pos
		}
	}
	return layout{segments: segments, size: y.size}
}

// reader reads a log from one offset to another, one object at a time.
type reader struct {
	ctx  context.Context
	logs *Logs
	run  sb.Run
	lay  layout
	at   int64
	end  int64
	cur  io.ReadCloser
}

func (l *Logs) read(ctx context.Context, run sb.Run, lay layout, from, to int64) *reader {
	return &reader{ctx: ctx, logs: l, run: run, lay: lay, at: from, end: min(to, lay.size)}
}

func (r *reader) Read(p []byte) (int, error) {
	for r.at < r.end {
		if r.cur == nil {
			if err := r.next(); err != nil {
				return 0, err
			}
		}
		n, err := r.cur.Read(p[:min(int64(len(p)), r.end-r.at)])
		r.at += int64(n)
		if errors.Is(err, io.EOF) {
			err = r.Close()
			if n == 0 && err == nil && r.at < r.end && !r.atStart() {
				err = sb.Errorf(sb.Internal, "an object of the log of run %s is shorter than it should be", r.run.ID)
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// next opens the segment that holds the offset. When a chunk is gone, joined ones or the finished log have taken its
// place.
func (r *reader) next() (err error) {
	s := r.segment()
	if s.heading != "" {
		r.cur = io.NopCloser(strings.NewReader(s.heading[r.at-s.start:]))
		return nil
	}
	if s.uri != "" {
		r.cur, err = r.logs.openElsewhere(r.ctx, r.run, s, s.skip+r.at-s.start)
		return err
	}
	r.cur, err = r.logs.blobs.Get(r.ctx, s.key, s.skip+r.at-s.start, min(s.start+s.size, r.end)-r.at)
	if sb.CodeOf(err) != sb.NotFound || kept(r.run) {
		return err
	}
	run, runErr := r.logs.store.Run(r.ctx, r.run.ID)
	if runErr != nil {
		return errors.Join(runErr, err)
	}
	if !kept(run) {
		return r.nextMoved(s, err)
	}
	r.run, r.lay = run, keptLayout(run)
	r.end = min(r.end, r.lay.size)
	if r.at >= r.end {
		r.cur = io.NopCloser(strings.NewReader(""))
		return nil
	}
	return r.next()
}

// nextMoved opens a segment whose object is gone where its bytes are now; it fails as before when that is nowhere else.
func (r *reader) nextMoved(s segment, gone error) error {
	rows, err := r.logs.store.Chunks(r.ctx, r.run.ID, 0)
	if err != nil {
		return err
	}
	r.lay = r.lay.moved(join(rows))
	if r.segment().key == s.key {
		return gone
	}
	return r.next()
}

func (r *reader) segment() segment {
	i := sort.Search(len(r.lay.segments), func(i int) bool { return r.lay.segments[i].start > r.at })
	return r.lay.segments[i-1]
}

func (r *reader) atStart() bool { return r.segment().start == r.at }

// Close ends reading.
func (r *reader) Close() error {
	if r.cur == nil {
		return nil
	}
	err := r.cur.Close()
	r.cur = nil
	return err
}
