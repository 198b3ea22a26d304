package forms

import (
	"context"
	"io"

	sb "signalbox"
)

// Question waits for a question to a pool until ctx is done; nil when there was none.
func (s *Forms) Question(ctx context.Context, _, _ string) (*sb.FormQuestion, error) {
	<-ctx.Done()
	return nil, nil //nolint:nilnil // there is none
}

// Answer takes the answer to a question of a pool. Errors: NotFound.
func (s *Forms) Answer(context.Context, string, string, sb.FormAnswer) error {
	return sb.Errorf(sb.NotFound, "this question does not exist")
}

// Archive opens the archive of the plugin that a question is about. Errors: NotFound.
func (s *Forms) Archive(context.Context, string, string) (io.ReadCloser, int64, error) {
	return nil, 0, sb.Errorf(sb.NotFound, "this question does not exist")
}
