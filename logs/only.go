package logs

import (
	"context"
	"io"

	sb "signalbox"
)

// TakeOnly keeps a process's log that is read where it was written, and is said to be all there is of its run's. If nothing else is
// kept of that and nobody else can add to it, it becomes the finished log at once: each byte is read once and written once.
// Otherwise, and for a run that is not over, it is Take. An error of the body comes back as it is: after one that says that what
// follows is cut or damaged (TooLarge, Invalid) what was read is kept, after others nothing is. Unavailable, too, when something
// came in between; again is fine.
func (l *Logs) TakeOnly(ctx context.Context, p sb.Process, body io.Reader) error {
	run, err := l.store.Run(ctx, p.Run)
	if err != nil || kept(run) {
		return err
	}
	only, err := l.store.OnlyLog(ctx, p)
	if err != nil {
		return err
	}
	if !only || run.Open() || run.Attempt != p.Attempt || run.Failure != nil && run.Failure.Kind == sb.FailLost {
		return l.Take(ctx, p, body)
	}
	mine := false
	err = l.alone(ctx, p.Run, func(ctx context.Context) error {
		mine = true
		return l.takeOnly(ctx, run, p, body)
	})
	if err == nil && !mine {
		err = sb.Errorf(sb.Unavailable, "another process works on the log of run %s", p.Run)
	}
	return err
}

func (l *Logs) takeOnly(ctx context.Context, run sb.Run, p sb.Process, body io.Reader) error {
	in := &untilCut{in: &pieceReader{in: l.masked(ctx, p, body)}}
	log := sb.Log{Path: sb.LogKey(run.ID, ended(run))}
	size, err := l.put(ctx, log.Path, in)
	if err == nil && size == 0 { // an empty log has no object
		err = l.remove(ctx, []string{log.Path, log.Path + indexSuffix})
	}
	if err != nil {
		return err
	}
	log.Size, log.DownloadOnly = size, size > sb.MaxShownLog
	sb.FaultPoint("collect.put") // the log is written, but not the run's
	if err := l.store.KeepOnlyLog(ctx, p, log); sb.CodeOf(err) == sb.Conflict {
		return sb.Wrap(err, sb.Unavailable, "more of the log of run %s came while it was read", p.Run)
	} else if err != nil {
		return err
	}
	sb.FaultPoint("collect.kept")
	return in.cut
}

// untilCut reads up to where an error says that what follows is cut or damaged.
type untilCut struct {
	in  io.Reader
	cut error
}

func (r *untilCut) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if code := sb.CodeOf(err); code == sb.TooLarge || code == sb.Invalid {
		r.cut, err = err, io.EOF
	}
	return n, err
}
