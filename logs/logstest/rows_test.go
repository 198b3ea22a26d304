package logstest_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	sb "signalbox"
)

// rows is a store of rows as the port asks for, in memory, with faults to be set.
type rows struct {
	mu     sync.Mutex
	now    time.Time
	runs   map[string]sb.Run
	chunks []sb.Chunk
	hashes []string // the keys of chunks that were added
	leases map[string]string
	ears   []chan sb.Note
	fault  func(call string) error // called without the lock
}

func newRows() *rows {
	return &rows{now: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), runs: map[string]sb.Run{}, leases: map[string]string{}}
}

func (r *rows) enter(call string) (func(), error) {
	if r.fault != nil {
		if err := r.fault(call); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	return r.mu.Unlock, nil
}

func (r *rows) AddChunk(_ context.Context, c sb.Chunk) error {
	leave, err := r.enter("AddChunk")
	if err != nil {
		return err
	}
	defer leave()
	if r.runs[c.Run].Log != nil {
		return sb.Errorf(sb.Conflict, "the log is complete")
	}
	want := int64(0)
	for _, k := range r.chunks {
		if k.Process != c.Process {
			continue
		}
		if k.First() <= c.Seq && c.Seq <= k.Seq && slices.Contains(r.hashes, c.Key()) {
			return nil
		}
		want = max(want, k.Seq+1)
	}
	if c.Seq != want {
		e := sb.Errorf(sb.Conflict, "another is wanted")
		e.Want = &want
		return e
	}
	r.chunks, r.hashes = append(r.chunks, c), append(r.hashes, c.Key())
	r.note(sb.Note{Topic: sb.TopicLog, ID: c.Run})
	return nil
}

func (r *rows) Chunks(_ context.Context, run string, skip int64) ([]sb.Chunk, error) {
	leave, err := r.enter("Chunks")
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []sb.Chunk
	first := map[string]int{}
	for i, c := range r.chunks {
		if c.Run == run {
			out = append(out, c)
			if _, ok := first[c.Source]; !ok {
				first[c.Source] = i
			}
		}
	}
	slices.SortStableFunc(out, func(a, b sb.Chunk) int {
		return cmp.Or(cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(first[a.Source], first[b.Source]), cmp.Compare(a.Try, b.Try), cmp.Compare(a.Seq, b.Seq))
	})
	upto := int64(0)
	return slices.DeleteFunc(out, func(c sb.Chunk) bool {
		upto += c.Joined + 1
		return upto <= skip
	}), nil
}

func (r *rows) JoinChunks(_ context.Context, joined sb.Chunk) error {
	leave, err := r.enter("JoinChunks")
	if err != nil {
		return err
	}
	defer leave()
	if r.runs[joined.Run].Log != nil {
		return sb.Errorf(sb.Conflict, "the log is complete")
	}
	var list []sb.Chunk
	at := -1
	for i, c := range r.chunks {
		if c.Process == joined.Process && joined.First() <= c.Seq && c.Seq <= joined.Seq {
			if list = append(list, c); at < 0 {
				at = i
			}
		}
	}
	if len(list) == 0 || sb.JoinedChunk(list) != joined {
		return sb.Errorf(sb.Conflict, "they are others")
	}
	r.chunks[at] = joined
	r.chunks = slices.DeleteFunc(r.chunks, func(c sb.Chunk) bool { return c != joined && slices.Contains(list, c) })
	return nil
}

func (r *rows) DropChunks(_ context.Context, run string) error {
	leave, err := r.enter("DropChunks")
	if err != nil {
		return err
	}
	defer leave()
	r.chunks = slices.DeleteFunc(r.chunks, func(c sb.Chunk) bool { return c.Run == run })
	return nil
}

func (r *rows) Run(_ context.Context, id string) (sb.Run, error) {
	leave, err := r.enter("Run")
	if err != nil {
		return sb.Run{}, err
	}
	defer leave()
	run, ok := r.runs[id]
	if !ok {
		return run, sb.Errorf(sb.NotFound, "run %s does not exist", id)
	}
	return run, nil
}

func (r *rows) Now(context.Context) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, nil
}

func (r *rows) Unkept(_ context.Context, before time.Time, after *sb.Run, limit int) ([]sb.Run, error) {
	leave, err := r.enter("Unkept")
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []sb.Run
	for _, run := range r.runs {
		if run.Log == nil && !run.Open() && run.Work.EndedAt != nil && !run.Work.EndedAt.After(before) && (after == nil || compare(run, *after) > 0) {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, compare)
	return out[:min(limit, len(out))], nil
}

func compare(a, b sb.Run) int { return cmp.Or(a.EndedAt.Compare(*b.EndedAt), cmp.Compare(a.ID, b.ID)) }

func (r *rows) KeepLog(_ context.Context, id string, log sb.Log) error {
	leave, err := r.enter("KeepLog")
	if err != nil {
		return err
	}
	defer leave()
	run, _, err := r.runs[id].Apply(sb.KeepLog{At: r.now, Log: log})
	r.runs[id] = run
	r.note(sb.Note{Topic: sb.TopicRun, ID: id})
	return err
}

func (r *rows) OnlyLog(_ context.Context, p sb.Process) (bool, error) {
	leave, err := r.enter("OnlyLog")
	if err != nil {
		return false, err
	}
	defer leave()
	return !slices.ContainsFunc(r.chunks, func(c sb.Chunk) bool { return c.Run == p.Run }), nil
}

func (r *rows) KeepOnlyLog(ctx context.Context, p sb.Process, log sb.Log) error {
	if only, err := r.OnlyLog(ctx, p); err != nil || !only {
		return cmp.Or(err, error(sb.Errorf(sb.Conflict, "it is not the only one")))
	}
	return r.KeepLog(ctx, p.Run, log)
}

func (r *rows) Lease(_ context.Context, name, holder string, _ time.Duration) (bool, error) {
	leave, err := r.enter("Lease")
	if err != nil {
		return false, err
	}
	defer leave()
	if h, ok := r.leases[name]; ok && h != holder {
		return false, nil
	}
	r.leases[name] = holder
	return true, nil
}

func (r *rows) Release(_ context.Context, name, holder string) error {
	leave, err := r.enter("Release")
	if err != nil {
		return err
	}
	defer leave()
	if r.leases[name] == holder {
		delete(r.leases, name)
	}
	return nil
}

func (r *rows) Notes(context.Context) <-chan sb.Note {
	r.mu.Lock()
	defer r.mu.Unlock()
	ear := make(chan sb.Note, 1000)
	r.ears = append(r.ears, ear)
	return ear
}

func (r *rows) note(n sb.Note) {
	for _, ear := range r.ears {
		ear <- n
	}
}

// begin adds a running run.
func (r *rows) begin(id, worker string) sb.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	run := sb.Run{ID: id, Status: sb.Running, Attempt: 1, Work: sb.Work{State: sb.WorkActive, Worker: worker}}
	r.runs[id] = run
	return run
}

// end ends a run and its work, and tells of it.
func (r *rows) end(id string) sb.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	run, at := r.runs[id], r.now
	run.Status, run.EndedAt = sb.Completed, &at
	run.Work.State, run.Work.EndedAt = sb.WorkEnded, &at
	r.runs[id] = run
	r.note(sb.Note{Topic: sb.TopicEnded, ID: id})
	return run
}

func (r *rows) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}
