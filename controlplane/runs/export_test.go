package runs

import (
	"context"
	"time"
)

// Due is due, for tests.
var Due = due

// Watch is watch, for tests.
type Watch struct{ w watch }

// Rest notes that a sweep has succeeded.
func (w *Watch) Rest(now time.Time) { w.w.rest(now) }

// Since tells since when signs of life could have been heard.
func (w *Watch) Since(now time.Time) time.Time { return w.w.since(now) }

// Turn begins the next turn of the pace of progress, as Work.Run does.
func Turn(ctx context.Context, w *Work) { w.turn(ctx, false) }
