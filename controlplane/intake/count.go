package intake

import (
	"context"
	"time"

	sb "signalbox"
)

// counting counts samples beside everything else, for each count is a question of its own: those of all datasets now and then,
// and of new ones when they were listed. What cannot be counted is left as it was known.
func (l *watcher) counting(ctx context.Context, db sb.OperationDatabase) {
	tick := time.NewTicker(l.options.Pace.Count)
	defer tick.Stop()
	for {
		all := false
		select {
		case <-ctx.Done():
			return
		case <-l.listed:
		case <-tick.C:
			all = true
		}
		if l.count(ctx, db, all) {
			l.want(todo{datasets: true})
		}
	}
}

// count counts the samples of all datasets, or of those that were not counted yet, and tells whether any number is another.
func (l *watcher) count(ctx context.Context, db sb.OperationDatabase, all bool) (changed bool) {
	there, err := db.Datasets(ctx)
	if err != nil {
		return false // who keeps the list in step says so
	}
	for _, d := range there {
		before, was := l.countOf(d.Key)
		if was && !all {
			continue
		}
		n, err := db.Samples(ctx, d)
		if sb.CodeOf(err) == sb.Unavailable || ctx.Err() != nil {
			return changed
		}
		if err == nil && (!was || n != before) {
			l.mu.Lock()
			l.samples[d.Key], changed = n, true
			l.mu.Unlock()
		}
	}
	return changed
}

func (l *watcher) countOf(key string) (n int64, is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, is = l.samples[key]
	return n, is
}

// counted puts the counts that there are to datasets, and has the others counted.
func (l *watcher) counted(there []sb.SourceDataset) {
	missing := false
	for i, d := range there {
		if n, is := l.countOf(d.Key); is {
			there[i].Samples = &n
		} else {
			missing = true
		}
	}
	if !missing {
		return
	}
	select {
	case l.listed <- struct{}{}:
	default:
	}
}
