package forms

import (
	"context"

	sb "signalbox"
)

// Store reads what decides about a form. Errors: NotFound, Unavailable.
type Store interface {
	// Facts reads what decides about an ask. What does not exist is nil in the facts and no error.
	Facts(ctx context.Context, ask sb.Ask) (sb.Facts, error)
}
