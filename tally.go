package signalbox

import (
	"fmt"
	"time"
)

// Countable tells whether the tasks of a run at an orchestrator that we do not own stand for its progress: it goes on there,
// and has said nothing of its own.
func (r Run) Countable() bool {
	return r.Outside() && !r.Status.Terminal() && r.Work.State == WorkActive && (r.Work.Progress == nil || r.Work.Progress.Tallied)
}

// Counted is what a tally makes of the progress of an attempt.
type Counted struct {
	AttemptRef
	Before *Progress // what there has to be still; nil for none
	After  Progress
}

// Count makes progress of a tally, and tells whether it is another than before. One task alone tells nothing.
func (r Run) Count(t Tally, at time.Time) (Counted, bool) {
	if !r.Countable() || t.All < 2 || t.Over > t.All {
		return Counted{}, false
	}
	part := float64(t.Over) / float64(t.All)
	c := Counted{AttemptRef: r.Ref(), Before: r.Work.Progress, After: Progress{
		Fraction: &part, Label: fmt.Sprintf("%d of %d tasks done", t.Over, t.All), UpdatedAt: at, Tallied: true,
	}}
	return c, c.Before == nil || c.Before.Label != c.After.Label
}
