package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	sb "signalbox"
)

const (
	scrubWindow = 1 << 20 // bytes that are looked through at once
	scrubPause  = 500 * time.Millisecond
	scrubTries  = 60
)

// Scrub blanks out what a mask finds in a run's log, with as many asterisks, so that all else stays where it is; and gives
// how many places that were, which it tells first: what is not noted is not done. The finished log, its index, or the chunks so far are written anew, while nobody else works on
// them. It may be repeated: what is blanked out stays so. Given up between the two chunks of a running log that hold one place,
// it leaves that place's rest. Errors: Conflict (others keep the log, or a part of it),
// Unavailable (the log is being worked on).
func (l *Logs) Scrub(ctx context.Context, id string, mask sb.Mask, note func(places int) error) (places int, err error) {
	for range scrubTries {
		mine := false
		err = l.alone(ctx, id, func(ctx context.Context) error {
			mine = true
			places, err = l.scrub(ctx, id, mask, note)
			return err
		})
		if mine || err != nil {
			return places, err
		}
		select {
		case <-ctx.Done():
			return 0, sb.Wrap(ctx.Err(), sb.Unavailable, "the log is being worked on")
		case <-time.After(scrubPause):
		}
	}
	return 0, sb.Errorf(sb.Unavailable, "the log of run %s is being worked on; try again in a moment", id)
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
	if err == nil && len(places) > 0 {
		err = note(len(places))
	}
	if err != nil {
		return 0, err
	}
	for _, s := range lay.segments {
		if err := l.blank(ctx, s, places); err != nil {
			return 0, err
		}
		sb.FaultPoint("scrub.put") // some objects are written, others not
	}
	if !kept(run) || run.Log.Size == 0 {
		return len(places), nil
	}
	x := newIndex() // a blanked word may have been a severity; also when nothing is found, for who died before this
	if err := l.parse(ctx, run, lay, 0, x.add); err != nil {
		return 0, err
	}
	return len(places), l.blobs.Put(ctx, run.Log.Path+indexSuffix, bytes.NewReader(x.encode()))
}

// stretch is where something stands in a log.
type stretch struct{ from, to int64 }

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

// blank writes the object of a segment anew, with the places in it blanked out.
func (l *Logs) blank(ctx context.Context, s segment, places []stretch) error {
	var inside []stretch
	for _, p := range places {
		if p.from < s.start+s.size && p.to > s.start {
			inside = append(inside, stretch{p.from - s.start + s.skip, p.to - s.start + s.skip})
		}
	}
	if s.heading != "" || len(inside) == 0 {
		return nil
	}
	return l.rewrite(ctx, s.key, inside...)
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
	for len(b.places) > 0 && b.places[0].from < b.at+int64(n) {
		from, to := max(b.places[0].from-b.at, 0), min(b.places[0].to-b.at, int64(n))
		for i := from; i < to; i++ {
			if p[i] != '\n' && p[i] != '\r' {
				p[i] = '*'
			}
		}
		if b.places[0].to > b.at+int64(n) {
			break
		}
		b.places = b.places[1:]
	}
	b.at += int64(n)
	return n, err
}
