package queue

import "context"

// AdmitAll admits once on all orchestrators.
func (q *Queue) AdmitAll(ctx context.Context) { q.admitAll(ctx) }
