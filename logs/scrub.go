package logs

import (
	"context"
	"errors"
	"io"
	"sort"
	"time"

	sb "signalbox"
)

const (
	scrubWindow = 1 << 20 // bytes that are looked through at once
	scrubPause  = 500 * time.Millisecond
	scrubTries  = 60
)

// Scrub blanks out what a mask finds in a run's log, with as many asterisks, so that all else stays where it is; and gives
// how many places that were, which it tells first: what is not noted is not done. The finished log, its index, or the chunks so
// far are written anew, while nobody else works on them. Given up or killed after it has begun to write, it is finished by the
// next process that looks. Errors: Conflict (others keep the log, or a part of it), Unavailable (the log is being worked on).
func (l *Logs) Scrub(ctx context.Context, id string, mask sb.Mask, note func(places int) error) (places int, err error) {
	err = l.insist(ctx, id, func(ctx context.Context) error {
		places, err = l.scrub(ctx, id, mask, note)
		return err
	})
	return places, err
}

// insist lets f work on the chunks of a run alone, as soon as no other does.
func (l *Logs) insist(ctx context.Context, id string, f func(context.Context) error) error {
	for range scrubTries {
		mine := false
		err := l.alone(ctx, id, func(ctx context.Context) error {
			mine = true
			return f(ctx)
		})
		if mine || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return sb.Wrap(ctx.Err(), sb.Unavailable, "the log is being worked on")
		case <-time.After(scrubPause):
		}
	}
	return sb.Errorf(sb.Unavailable, "the log of run %s is being worked on; try again in a moment", id)
}

func (l *Logs) scrub(ctx context.Context, id string, mask sb.Mask, note func(places int) error) (int, error) {
	run, err := l.store.Run(ctx, id)
	if err != nil {
		return 0, err
	}
	lay, err := l.layout(ctx, run)
	if err != nil {
		return 0, err
	}
	for _, s := range lay.segments {
		if s.uri != "" {
			return 0, sb.Errorf(sb.Conflict, "the log, or a part of it, lies at %s: who keeps it there has to change it", s.uri)
		}
	}
	places, err := l.find(ctx, run, lay, mask)
	if err != nil || len(places) == 0 {
		return 0, err
	}
	if err := note(len(places)); err != nil {
		return 0, err
	}
	return len(places), l.blankOut(ctx, id, lay.blanks(places))
}

// blanks are the places of a log in its objects.
func (y layout) blanks(places []stretch) blanks {
	b := blanks{}
	for _, s := range y.segments {
		if s.heading != "" {
			continue
		}
		first := sort.Search(len(places), func(i int) bool { return places[i].To > s.start })
		for _, p := range places[first:] {
			if p.From >= s.start+s.size {
				break
			}
			b.add(s.key, stretch{max(p.From-s.start, 0) + s.skip, min(p.To-s.start, s.size) + s.skip})
		}
	}
	return b
}

// stretch is where something stands in a log.
type stretch struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// find reads a whole log and gives the places of what a mask finds, also across its parts.
func (l *Logs) find(ctx context.Context, run sb.Run, lay layout, mask sb.Mask) ([]stretch, error) {
	r := l.read(ctx, run, lay, 0, lay.size)
	defer func() { _ = r.Close() }()
	var places []stretch
	buf, begin := make([]byte, 0, 2*scrubWindow), int64(0)
	for {
		n, err := io.ReadFull(r, buf[len(buf):len(buf)+scrubWindow])
		buf = buf[:len(buf)+n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, err
		}
		done := len(buf)
		if !last {
			done -= min(mask.Longest(), scrubWindow/2) // what begins behind it may go on
		}
		for _, s := range mask.Spans(buf) {
			if s.From < done {
				places = append(places, stretch{begin + int64(s.From), begin + int64(s.To)})
				done = max(done, s.To)
			}
		}
		if last {
			return places, nil
		}
		begin += int64(done)
		buf = append(buf[:0], buf[done:]...)
	}
}

// rewrite writes an object anew with places of it blanked out.
func (l *Logs) rewrite(ctx context.Context, key string, places ...stretch) error {
	body, err := l.blobs.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return l.blobs.Put(ctx, key, &blanker{in: body, places: places})
}

// blanker reads an object with places of it as asterisks. Ends of lines stay.
type blanker struct {
	in     io.Reader
	at     int64
	places []stretch // in the object, in order
}

func (b *blanker) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	for len(b.places) > 0 && b.places[0].From < b.at+int64(n) {
		from, to := max(b.places[0].From-b.at, 0), min(b.places[0].To-b.at, int64(n))
		for i := from; i < to; i++ {
			if p[i] != '\n' && p[i] != '\r' {
				p[i] = '*'
			}
		}
		if b.places[0].To > b.at+int64(n) {
			break
		}
		b.places = b.places[1:]
	}
	b.at += int64(n)
	return n, err
}
