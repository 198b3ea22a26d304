package logs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
)

const (
	leaseFor    = 30 * time.Second
	leaseRenew  = 10 * time.Second
	sweepRuns   = 200            // runs that a sweep reads at once
	waiting     = 1024           // runs that notes told of and that wait for a worker
	tidyEvery   = 24 * time.Hour // how often chunks that nobody wants are looked for
	unwantedAge = 24 * time.Hour // and how old they are then
)

// Run makes finished logs of the chunks of runs that are over, woken by notes and by a sweep, until ctx is done. Any
// number of replicas may do so: a lease lets one of them work on a run. What a crash left is found by the sweeps.
func (l *Logs) Run(ctx context.Context) error {
	todo := make(chan string, waiting)
	group, ctx := errgroup.WithContext(ctx)
	for range l.opts.Workers {
		group.Go(func() error { return l.work(ctx, todo) })
	}
	group.Go(func() error { return l.joinLong(ctx) })
	group.Go(func() error { return l.listen(ctx, todo) })
	group.Go(func() error { return every(ctx, l.opts.Sweep, func() { l.sweep(ctx, todo) }) })
	group.Go(func() error { return every(ctx, takeUpEvery, func() { l.TakeUp(ctx) }) })
	group.Go(func() error { return every(ctx, tidyEvery, func() { l.Tidy(ctx) }) })
	return group.Wait()
}

// every calls f now and then again and again.
func every(ctx context.Context, pause time.Duration, f func()) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		f()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *Logs) work(ctx context.Context, todo <-chan string) error {
	for {
		select {
		case run := <-todo:
			if err := l.Compact(ctx, run); err != nil && ctx.Err() == nil {
				l.opts.Log.WithField("run", run).WithError(err).Warn("the log could not be finished; it is tried again")
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// listen passes on runs that ended. When too many wait, the sweep finds the rest.
func (l *Logs) listen(ctx context.Context, todo chan<- string) error {
	notes := l.notes.Notes(ctx)
	for {
		select {
		case n, ok := <-notes:
			if !ok {
				notes = nil
			}
			if n.Topic != sb.TopicEnded {
				continue
			}
			select {
			case todo <- n.ID:
			default:
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *Logs) sweep(ctx context.Context, todo chan<- string) {
	now, err := l.store.Now(ctx)
	if err != nil {
		return // the store is away; the next sweep comes
	}
	var last *sb.Run
	for {
		runs, err := l.store.Unkept(ctx, now, last, sweepRuns)
		if err != nil {
			if ctx.Err() == nil {
				l.opts.Log.WithError(err).Warn("could not look for logs to finish")
			}
			return
		}
		for i := range runs {
			select {
			case todo <- runs[i].ID:
				last = &runs[i]
			case <-ctx.Done():
				return
			}
		}
		if len(runs) < sweepRuns {
			return
		}
	}
}

// Compact makes the finished log of a run that is over, if nothing will be added to it and no other replica does so
// now. It may be repeated and given up at any point: the chunks go only when the run has its finished log.
func (l *Logs) Compact(ctx context.Context, id string) error {
	run, err := l.store.Run(ctx, id)
	if err != nil {
		return err
	}
	if complete, err := l.complete(ctx, run); err != nil || !complete {
		return err
	}
	return l.alone(ctx, id, func(ctx context.Context) error {
		run, err := l.store.Run(ctx, id) // as it is now that no other works on it
		if err != nil {
			return err
		}
		return l.finish(ctx, run)
	})
}

// alone lets f work on the chunks of a run while no other does, in no replica, after it has finished what was begun to be blanked
// out there; it does nothing when another does.
func (l *Logs) alone(ctx context.Context, id string, f func(context.Context) error) error {
	lease, holder := "log:"+id, l.opts.Holder+"/"+rand.Text() // of this call: two workers here are two holders
	mine, err := l.store.Lease(ctx, lease, holder, leaseFor)
	if err != nil || !mine {
		return err
	}
	release := context.WithoutCancel(ctx)
	defer func() { _ = l.store.Release(release, lease, holder) }()
	ctx, stop := l.keepLease(ctx, lease, holder)
	defer stop()
	if err := l.takeUp(ctx, id); err != nil {
		return err
	}
	return f(ctx)
}

// keepLease renews the lease until stop; the context ends when it is lost.
func (l *Logs) keepLease(ctx context.Context, lease, holder string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if mine, err := l.store.Lease(ctx, lease, holder, leaseFor); err != nil || !mine {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}

// finish writes the log, sets it, and drops the chunks. A chunk that came after the rows were read and before the log
// was set is found by reading the rows again, as none can come after: then the log is written once more.
func (l *Logs) finish(ctx context.Context, run sb.Run) error {
	for {
		rows, err := l.store.Chunks(ctx, run.ID, 0)
		if err != nil {
			return err
		}
		if uri, all := elsewhere(rows); all {
			return l.refer(ctx, run, uri, join(rows).size)
		}
		if kept(run) && (len(rows) == 0 || join(rows).size == run.Log.Size) {
			return l.drop(ctx, run.ID, len(rows))
		}
		log, err := l.write(ctx, run, rows)
		if err != nil {
			return err
		}
		sb.FaultPoint("compact.put") // the log is written, but not the run's
		if err := l.store.KeepLog(ctx, run.ID, log); err != nil {
			return err
		}
		sb.FaultPoint("compact.after") // the chunks are still there
		run.Log = &log
	}
}

// refer sets the log of a run to what others keep.
func (l *Logs) refer(ctx context.Context, run sb.Run, uri string, size int64) error {
	if run.Log != nil {
		return nil
	}
	return l.store.KeepLog(ctx, run.ID, sb.Log{Path: uri, Size: size, DownloadOnly: size > sb.MaxShownLog})
}

// write joins the chunks to one object with its index beside it. An empty log has no object.
func (l *Logs) write(ctx context.Context, run sb.Run, rows []sb.Chunk) (sb.Log, error) {
	lay := join(rows)
	log := sb.Log{Path: sb.LogKey(run.ID, ended(run)), Size: lay.size, DownloadOnly: lay.size > sb.MaxShownLog}
	if lay.size == 0 {
		return log, nil
	}
	run.Log = nil // read the chunks, also when an earlier log is there
	r := l.whole(ctx, run, lay)
	defer func() { _ = r.Close() }()
	_, err := l.put(ctx, log.Path, r)
	return log, err
}

// put writes a finished log with its index beside it, and tells its size.
func (l *Logs) put(ctx context.Context, key string, in io.Reader) (size int64, err error) {
	x := newIndex()
	p := newParser(0, x.add)
	if err := l.blobs.Put(ctx, key, io.TeeReader(in, p)); err != nil {
		return 0, err
	}
	if err := p.Close(); err != nil {
		return 0, err
	}
	return x.size, l.blobs.Put(ctx, key+indexSuffix, bytes.NewReader(x.encode()))
}

// whole reads a log from its start to its end: several objects at a time, unless others keep some of it, which can only be
// read in order.
func (l *Logs) whole(ctx context.Context, run sb.Run, lay layout) io.ReadCloser {
	if slices.ContainsFunc(lay.segments, func(s segment) bool { return s.uri != "" }) {
		return l.read(ctx, run, lay, 0, lay.size)
	}
	return l.readAhead(ctx, run, lay)
}

func ended(run sb.Run) time.Time {
	if run.EndedAt != nil {
		return *run.EndedAt
	}
	return run.UpdatedAt
}

// drop removes a run's chunks: the rows, then all objects, also those that never got a row.
func (l *Logs) drop(ctx context.Context, run string, rows int) error {
	if rows > 0 {
		if err := l.store.DropChunks(ctx, run); err != nil {
			return err
		}
		sb.FaultPoint("compact.dropped") // the objects are still there
	}
	var keys []string
	err := l.blobs.List(ctx, sb.ChunkPrefix(run), func(b sb.Blob) error {
		keys = append(keys, b.Key)
		return nil
	})
	return errors.Join(err, l.remove(ctx, keys))
}

// Tidy finds objects of chunks that have lain for a day and that nobody wants: their run has its finished log, or others
// took their place, and a crash kept them from being dropped. Chunks of runs that this installation does not know are left
// alone; another may share the place. Run does so daily.
func (l *Logs) Tidy(ctx context.Context) {
	before, seen := l.opts.Now().Add(-unwantedAge), ""
	err := l.blobs.List(ctx, "chunks/", func(b sb.Blob) error {
		run, ok := runOf(b.Key)
		if !ok || run == seen || b.Modified.After(before) {
			return nil
		}
		seen = run
		return l.tidyRun(ctx, run, before)
	})
	if err != nil && ctx.Err() == nil {
		l.opts.Log.WithError(err).Warn("could not look for log chunks to remove")
	}
}

func (l *Logs) tidyRun(ctx context.Context, id string, before time.Time) error {
	run, err := l.store.Run(ctx, id)
	if sb.CodeOf(err) == sb.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if kept(run) {
		return l.Compact(ctx, id)
	}
	return l.alone(ctx, id, func(ctx context.Context) error { return l.dropReplaced(ctx, id, before) })
}

// dropReplaced removes objects of a running log that have no row and whose number a row of their process has: none of
// them can get a row any more, as one that is the next could.
func (l *Logs) dropReplaced(ctx context.Context, run string, before time.Time) error {
	rows, err := l.store.Chunks(ctx, run, 0)
	if err != nil {
		return err
	}
	wanted, next := map[string]bool{}, map[string]int64{}
	for _, c := range rows {
		wanted[c.Key()] = true
		next[path.Dir(c.Key())] = c.Seq + 1
	}
	var keys []string
	err = l.blobs.List(ctx, sb.ChunkPrefix(run), func(b sb.Blob) error {
		number, _, _ := strings.Cut(path.Base(b.Key), "-")
		seq, err := strconv.ParseInt(number, 10, 64)
		if err == nil && !wanted[b.Key] && seq < next[path.Dir(b.Key)] && b.Modified.Before(before) {
			keys = append(keys, b.Key)
		}
		return nil
	})
	return errors.Join(err, l.remove(ctx, keys))
}

func (l *Logs) remove(ctx context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, l.blobs.Delete(ctx, key))
	}
	return errors.Join(errs...)
}

// runOf finds the run in a chunk's key, chunks/<run>/….
func runOf(key string) (string, bool) {
	rest, ok := strings.CutPrefix(key, "chunks/")
	run, _, more := strings.Cut(rest, "/")
	return run, ok && more && run != ""
}
