package runs

import "time"

// Due is due, for tests.
var Due = due

// Watch is watch, for tests.
type Watch struct{ w watch }

// Since tells since when signs of life could have been heard.
func (w *Watch) Since(now time.Time) time.Time { return w.w.since(now) }
