// Package watchtest has an orchestrator in memory that behaves: it takes work once for each name, forgets nothing by itself,
// and does what a test says people and machines there did. It loses answers and stays away when told to.
package watchtest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	sb "signalbox"
)

// Fake is an orchestrator in memory and what reaches it. It is safe for use by several goroutines.
type Fake struct {
	mu      sync.Mutex
	there   map[string]*thing
	away    error
	lost    bool
	refuse  error
	blocked map[string]string
	calls   map[string]int
	revives bool
	looked  []sb.Place
	slow    []string
	coming  func(until time.Time)
	textual bool
}

var (
	_ sb.Adapter    = (*Fake)(nil)
	_ sb.Foreteller = (*Fake)(nil)
	_ sb.Tallier    = (*Fake)(nil)
)

// thing is what runs there under one name.
type thing struct {
	sb.Seen
	sent    sb.Submission
	outcome sb.Outcome
	tally   sb.Tally
	logs    map[string][]string // by part, the logs of its tries
}

// New makes an orchestrator where nothing runs.
func New() *Fake {
	return &Fake{textual: true, there: map[string]*thing{}, blocked: map[string]string{}, calls: map[string]int{}}
}

// Origins is nowhere: it is in memory.
func (f *Fake) Origins() []string { return nil }

// Home is the memory of this process.
func (f *Fake) Home() string { return "memory" }

// Away lets every call fail; nil ends that.
func (f *Fake) Away(err error) { f.with(func() { f.away = err }) }

// LoseNext takes the next submission and loses the answer.
func (f *Fake) LoseNext() { f.with(func() { f.lost = true }) }

// Coming has something done while a submission is on its way, which may take until then; nil ends that.
func (f *Fake) Coming(do func(until time.Time)) { f.with(func() { f.coming = do }) }

// Textless makes it one that never has the text of logs, and counts tries from 0.
func (f *Fake) Textless() { f.with(func() { f.textual = false }) }

// Refuse answers submissions with an error; nil ends that.
func (f *Fake) Refuse(err error) { f.with(func() { f.refuse = err }) }

// Revive lets the next stop not stick: what was stopped goes on at the look after the next.
func (f *Fake) Revive() { f.with(func() { f.revives = true }) }

// Slow lets these calls not be answered in time; it counts them.
func (f *Fake) Slow(calls ...string) { f.with(func() { f.slow = calls }) }

// Block says why a target starts nothing; "" ends that.
func (f *Fake) Block(t sb.Target, why string) { f.with(func() { f.blocked[t.Key()] = why }) }

// Set says how something is there, in the orchestrator's word.
func (f *Fake) Set(name string, s sb.Sight, word, why string) {
	f.with(func() {
		t := f.there[name]
		if t == nil {
			t = &thing{Seen: sb.Seen{Place: sb.Place{Name: name, URL: url(name)}}}
			f.there[name] = t
		}
		t.Sight, t.Word, t.Why = s, word, why
	})
}

// Leave puts something there that goes on and belongs to an attempt, without having been sent.
func (f *Fake) Leave(installation string, ref sb.AttemptRef) {
	name := f.Name(installation, ref)
	f.Set(name, sb.SeenActive, "running", "")
	f.with(func() { f.there[name].sent = sb.Submission{AttemptRef: ref, Name: name, Installation: installation} })
}

// Return says what something returns when it ends.
func (f *Fake) Return(name string, o sb.Outcome) { f.with(func() { f.there[name].outcome = o }) }

// Tasks says how many tasks something has, and how many of them are over.
func (f *Fake) Tasks(name string, over, all int) {
	f.with(func() { f.there[name].tally = sb.Tally{Over: over, All: all} })
}

// Write says what a part's tries have written.
func (f *Fake) Write(name, part string, tries ...string) {
	f.with(func() {
		if f.there[name].logs == nil {
			f.there[name].logs = map[string][]string{}
		}
		f.there[name].logs[part] = tries
	})
}

// Delete forgets something, as people there may.
func (f *Fake) Delete(name string) { f.with(func() { delete(f.there, name) }) }

// Names lists what is there.
func (f *Fake) Names() (names []string) {
	f.with(func() { names = slices.Sorted(maps.Keys(f.there)) })
	return names
}

// Sent is what was sent under a name.
func (f *Fake) Sent(name string) (d sb.Submission) {
	f.with(func() { d = f.there[name].sent })
	return d
}

// Calls tells how often something was asked: "Submit", "Stop", "Look".
func (f *Fake) Calls(what string) (n int) {
	f.with(func() { n = f.calls[what] })
	return n
}

func (f *Fake) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// late counts a call and tells that its time is over, if it is a slow one.
func (f *Fake) late(ctx context.Context, what string) (err error) {
	f.with(func() {
		if slices.Contains(f.slow, what) {
			f.calls[what]++
			err = sb.Errorf(sb.Unavailable, "it did not answer in time")
		}
	})
	if err != nil {
		<-ctx.Done()
	}
	return err
}

// call counts a call and does it, unless the orchestrator is away.
func (f *Fake) call(what string, do func() error) (err error) {
	f.with(func() {
		f.calls[what]++
		if err = f.away; err == nil {
			err = do()
		}
	})
	return err
}

func url(name string) string { return "http://there.example/" + name }

// Probe tells whether it answers.
func (f *Fake) Probe(context.Context, []sb.Route) []sb.Check {
	err := f.call("Probe", func() error { return nil })
	return []sb.Check{{Name: "reachable", OK: err == nil, Detail: "it is in memory"}}
}

// Faults finds none.
func (f *Fake) Faults(context.Context, sb.Route) ([]sb.Fault, error) {
	return nil, f.call("Faults", func() error { return nil })
}

// Name is the run's and the attempt's.
func (f *Fake) Name(_ string, ref sb.AttemptRef) string {
	return fmt.Sprintf("x%s-%d", strings.ToLower(ref.Run), ref.Attempt)
}

// Submit takes a submission once.
func (f *Fake) Submit(ctx context.Context, d sb.Submission) (at sb.Place, err error) {
	var coming func(time.Time)
	f.with(func() { coming = f.coming })
	if coming != nil {
		until, _ := ctx.Deadline()
		coming(until)
	}
	err = f.call("Submit", func() error {
		if f.refuse != nil {
			return f.refuse
		}
		if f.there[d.Name] == nil {
			f.there[d.Name] = &thing{Seen: sb.Seen{Place: sb.Place{Target: d.Target, Name: d.Name, URL: url(d.Name)}, Sight: sb.SeenWaiting, Word: "queued"}, sent: d}
		}
		at = f.there[d.Name].Place
		if f.lost {
			f.lost = false
			return sb.Errorf(sb.Unavailable, "the answer was lost")
		}
		return nil
	})
	return at, err
}

// Stop ends what runs at once.
func (f *Fake) Stop(ctx context.Context, at sb.Place, _ string) error {
	if err := f.late(ctx, "Stop"); err != nil {
		return err
	}
	return f.call("Stop", func() error {
		t := f.there[at.Name]
		if t != nil && !t.Sight.Over() {
			t.Sight, t.Word = sb.SeenFailed, "failed"
		}
		return nil
	})
}

// Looked lists what the last look was for.
func (f *Fake) Looked() (all []sb.Place) {
	f.with(func() { all = f.looked })
	return all
}

// Look tells how all is.
func (f *Fake) Look(_ context.Context, open []sb.Place, installation string, from sb.Mark) (v sb.View, err error) {
	err = f.call("Look", func() error {
		v = sb.View{Mark: from + "i", Version: "fake 1", Calls: 1}
		f.looked = open
		asked := map[string]bool{}
		for _, at := range open {
			asked[at.Name] = true
			seen := sb.Seen{Place: at, Sight: sb.SeenGone}
			if t := f.there[at.Name]; t != nil {
				seen = t.Seen
			}
			v.Places = append(v.Places, seen)
		}
		for _, name := range slices.Sorted(maps.Keys(f.there)) {
			if t := f.there[name]; t.sent.Installation == installation && !asked[name] {
				v.Strays = append(v.Strays, sb.Stray{Seen: t.Seen, Of: t.sent.AttemptRef})
			}
		}
		f.revive()
		return nil
	})
	return v, err
}

// revive lets what was stopped go on, once.
func (f *Fake) revive() {
	for _, t := range f.there {
		if f.revives && t.Sight == sb.SeenFailed {
			t.Sight, t.Word, f.revives = sb.SeenActive, "running", false
		}
	}
}

// Parts lists what has written.
func (f *Fake) Parts(_ context.Context, at sb.Place) (parts []sb.Part, err error) {
	err = f.call("Parts", func() error {
		t := f.there[at.Name]
		if t == nil {
			return sb.Errorf(sb.NotFound, "%s is not there", at.Name)
		}
		for _, part := range slices.Sorted(maps.Keys(t.logs)) {
			p := sb.Part{Source: part, First: 1, Try: len(t.logs[part]), Sight: t.Sight}
			if !f.textual {
				p.First, p.Try = 0, p.Try-1
			}
			parts = append(parts, p)
		}
		return nil
	})
	return parts, err
}

// Outcome is what Return said.
func (f *Fake) Outcome(ctx context.Context, at sb.Place) (o sb.Outcome, err error) {
	if err := f.late(ctx, "Outcome"); err != nil {
		return o, err
	}
	err = f.call("Outcome", func() error {
		t := f.there[at.Name]
		if t == nil {
			return sb.Errorf(sb.NotFound, "%s is not there", at.Name)
		}
		o = t.outcome
		return nil
	})
	return o, err
}

// Log is what Write said.
func (f *Fake) Log(_ context.Context, at sb.Place, p sb.Part, try int) (body io.ReadCloser, err error) {
	err = f.call("Log", func() error {
		if !f.textual {
			return sb.Errorf(sb.Invalid, "it has no text of logs")
		}
		t := f.there[at.Name]
		if t == nil || len(t.logs[p.Source]) < try || t.logs[p.Source][try-1] == "" {
			return sb.Errorf(sb.NotFound, "there is no log yet")
		}
		body = io.NopCloser(strings.NewReader(t.logs[p.Source][try-1]))
		return nil
	})
	return body, err
}

// Blocked is what Block said.
func (f *Fake) Blocked(ctx context.Context, t sb.Target) (why string, err error) {
	if err := f.late(ctx, "Blocked"); err != nil {
		return "", err
	}
	err = f.call("Blocked", func() error {
		why = f.blocked[t.Key()]
		return nil
	})
	return why, err
}

// Tally is what Tasks said.
func (f *Fake) Tally(_ context.Context, at []sb.Place) (all []sb.Tally, err error) {
	err = f.call("Tally", func() error {
		f.looked = at
		for _, p := range at {
			if t := f.there[p.Name]; t != nil && t.tally.All > 0 {
				all = append(all, sb.Tally{Place: p, Over: t.tally.Over, All: t.tally.All})
			}
		}
		return nil
	})
	return all, err
}
