package client

import (
	"context"
	"errors"
	"io"

	sb "signalbox"
)

// save writes an answer's whole body to w.
func (c *conn) save(ctx context.Context, r request, w io.Writer) error {
	resp, err := c.open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = c.copy(ctx, w, resp.Body)
	return err
}

// writeError is an error of the place a download goes to, which another try would not mend.
type writeError struct{ error }

// Unwrap gives the place's error.
func (e writeError) Unwrap() error { return e.error }

// target marks the errors of a writer as its own.
type target struct{ w io.Writer }

// Write writes to the target.
func (t target) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err != nil {
		err = writeError{err}
	}
	return n, err
}

// copy writes an answer's body to w and tells errors of w from those of the connection.
func (c *conn) copy(ctx context.Context, w io.Writer, body io.Reader) (int64, error) {
	n, err := io.Copy(target{w}, body)
	var local writeError
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &local):
		return n, sb.Wrap(err, sb.Invalid, "what was downloaded cannot be written: %s", local.error)
	default:
		return n, c.broken(ctx, err)
	}
}
