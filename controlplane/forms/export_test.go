package forms

import "time"

// Await sets what waits instead of time.After.
func Await(s *Forms, after func(time.Duration) <-chan time.Time) { s.after = after }
