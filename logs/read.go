package logs

import (
	"context"
	"io"

	sb "signalbox"
)

// Show gives the log's lines when it has at most MaxShownLog bytes, else only its size.
func (l *Logs) Show(ctx context.Context, run sb.Run) (sb.Shown, error) {
	complete, err := l.complete(ctx, run)
	if err != nil {
		return sb.Shown{}, err
	}
	lay, err := l.layout(ctx, run)
	if err != nil {
		return sb.Shown{}, err
	}
	shown := sb.Shown{Size: lay.size, Complete: complete, DownloadOnly: lay.size > sb.MaxShownLog}
	if shown.DownloadOnly {
		return shown, nil
	}
	shown.Lines = []sb.Line{}
	err = l.parse(ctx, run, lay, 0, func(e entry) error {
		shown.Lines = append(shown.Lines, e.line())
		return nil
	})
	return shown, err
}

// Entries reads the lines of a text as those of a log.
func (*Logs) Entries(text []byte) []sb.Line {
	lines := []sb.Line{}
	p := newParser(0, func(e entry) error {
		lines = append(lines, e.line())
		return nil
	})
	_, _ = p.Write(text) // neither fails but by what is called
	_ = p.Close()
	return lines
}

// Open reads bytes of the whole log as it is now; length < 0 reads to the end. It holds one object open at a time.
func (l *Logs) Open(ctx context.Context, run sb.Run, offset, length int64) (io.ReadCloser, int64, error) {
	lay, err := l.layout(ctx, run)
	if err != nil {
		return nil, 0, err
	}
	if offset < 0 {
		return nil, 0, sb.Errorf(sb.Invalid, "the log begins at byte 0")
	}
	end := lay.size
	if length >= 0 && length < end-offset {
		end = offset + length
	}
	return l.read(ctx, run, lay, offset, end), lay.size, nil
}

// Size tells how many bytes the whole log has now.
func (l *Logs) Size(ctx context.Context, run sb.Run) (int64, error) {
	lay, err := l.layout(ctx, run)
	return lay.size, err
}

// parse reads the entries of a log from where one starts.
func (l *Logs) parse(ctx context.Context, run sb.Run, lay layout, from int64, emit func(entry) error) error {
	r := l.read(ctx, run, lay, from, lay.size)
	defer func() { _ = r.Close() }()
	p := newParser(from, emit)
	if _, err := io.Copy(p, onlyReader{r}); err != nil {
		return err
	}
	return p.Close()
}

type onlyReader struct{ io.Reader }

// complete tells whether nothing will be added to a run's log. Builtin work has ended only when its last chunk is
// acknowledged; other work, and work whose worker was lost, may add to it for a while.
func (l *Logs) complete(ctx context.Context, run sb.Run) (bool, error) {
	switch {
	case run.Log != nil:
		return true, nil
	case run.Open(), run.Work.LogDue != nil:
		return false, nil
	case run.Work.State != sb.WorkEnded || run.Work.EndedAt == nil:
		return true, nil // it was never sent out
	case run.Work.Claimed() && (run.Failure == nil || run.Failure.Kind != sb.FailLost):
		return true, nil
	}
	now, err := l.store.Now(ctx)
	return err == nil && !now.Before(run.Work.EndedAt.Add(sb.ReportGrace)), err
}
