package executors

import (
	"context"
	"time"

	sb "signalbox"
)

// How calls are repeated until they are answered.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	callMost   = 30 * time.Second // for one call
)

// persist repeats a call, each at most that long, until it is answered: accepted (nil) or refused for good (its error). It gives up when ctx is
// done, with the last error.
func persist(ctx context.Context, most time.Duration, call func(context.Context) error) error {
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		err := once(ctx, most, call)
		if err == nil || refused(err) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

func once(ctx context.Context, most time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return call(ctx)
}

// refused tells whether the control plane has answered and would answer the same again.
func refused(err error) bool {
	switch sb.CodeOf(err) {
	case sb.Invalid, sb.Unauthenticated, sb.Forbidden, sb.NotFound, sb.Conflict, sb.RunOver, sb.Gone, sb.TooLarge:
		return true
	default:
		return false
	}
}

// notOurs tells whether an answer says that the attempt is no longer, or not, this process's.
func notOurs(err error) bool {
	switch sb.CodeOf(err) {
	case sb.NotFound, sb.Conflict, sb.RunOver, sb.Gone:
		return true
	default:
		return false
	}
}
