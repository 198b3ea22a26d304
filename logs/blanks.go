package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path"
	"slices"

	sb "signalbox"
)

// A place that is blanked out may lie in several objects, and what is written in between is the rest of a text, which nobody
// finds any more. So the places are written down first, without the text, and whoever works on the run next, alone, finishes
// what was begun.
const (
	blanksFolder = "blanks/"
	takeUpEvery  = leaseFor // how often what was given up is looked for; a dead process's lease is over at the second look
)

// blanks are places of a run's objects that are to be blanked out, by key and in order.
type blanks map[string][]stretch

func (b blanks) add(key string, s stretch) {
	if s.From < s.To {
		b[key] = append(b[key], s)
	}
}

// blankOut notes the places and blanks them out. Once it is noted it is done, by whomever.
func (l *Logs) blankOut(ctx context.Context, run string, b blanks) error {
	if len(b) == 0 {
		return nil
	}
	text, err := json.Marshal(b)
	if err != nil {
		return sb.Wrap(err, sb.Internal, "the places of the log of run %s cannot be written down", run)
	}
	if err := l.blobs.Put(ctx, blanksFolder+run, bytes.NewReader(text)); err != nil {
		return err
	}
	sb.FaultPoint("scrub.noted") // nothing is blanked out yet
	return l.finishBlanks(ctx, run, b)
}

// finishBlanks blanks out what was noted, some of it perhaps once more.
func (l *Logs) finishBlanks(ctx context.Context, id string, b blanks) error {
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if err := l.rewrite(ctx, key, b[key]...); err != nil && sb.CodeOf(err) != sb.NotFound {
			return err
		}
		sb.FaultPoint("scrub.put") // some objects are written, others not
	}
	run, err := l.store.Run(ctx, id)
	if err != nil {
		return err
	}
	if kept(run) && b[run.Log.Path] != nil { // a blanked word may have been a severity
		x := newIndex()
		if err := l.parse(ctx, run, keptLayout(run), 0, x.add); err != nil {
			return err
		}
		if err := l.blobs.Put(ctx, run.Log.Path+indexSuffix, bytes.NewReader(x.encode())); err != nil {
			return err
		}
	}
	return l.blobs.Delete(ctx, blanksFolder+id)
}

// noted are the places of a run that were noted and are not finished; none for nothing.
func (l *Logs) noted(ctx context.Context, id string) (b blanks, err error) {
	r, err := l.blobs.Get(ctx, blanksFolder+id, 0, -1)
	if sb.CodeOf(err) == sb.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "what is to be blanked out of the log of run %s cannot be read", id)
	}
	return b, nil
}

// takeUp finishes what was noted for a run and not finished. Only who works on the run alone calls it.
func (l *Logs) takeUp(ctx context.Context, id string) error {
	b, err := l.noted(ctx, id)
	if err != nil || len(b) == 0 {
		return err
	}
	return l.finishBlanks(ctx, id, b)
}

// TakeUp finishes all that was noted and not finished, because somebody died or gave up. Run does so again and again.
func (l *Logs) TakeUp(ctx context.Context) {
	var runs []string
	err := l.blobs.List(ctx, blanksFolder, func(b sb.Blob) error {
		runs = append(runs, path.Base(b.Key))
		return nil
	})
	for _, run := range runs {
		err = errors.Join(err, l.alone(ctx, run, func(context.Context) error { return nil }))
	}
	if err != nil && ctx.Err() == nil {
		l.opts.Log.WithError(err).Warn("what is to be blanked out of a log is not yet; it is tried again")
	}
}
