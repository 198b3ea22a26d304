package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// resolvers are asked for operators' forms.
type resolvers struct {
	forms   Forms
	closing <-chan struct{}
}

// ask takes an answer and gives the next question; 204 when there was none in time.
func (h resolvers) ask(ctx context.Context, in *struct{ Body sb.FormsRequest }) (*decided[*sb.FormQuestion], error) {
	b, orchestrator := in.Body, requestOf(ctx).orchestrator
	if err := checkForms(b); err != nil {
		return nil, err
	}
	if b.Answer != nil {
		if err := h.forms.Answer(ctx, orchestrator, b.Pool, b.Worker, *b.Answer); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sb.FormPoll)
	defer cancel()
	go func() {
		select {
		case <-h.closing: // a graceful stop does not wait for resolvers
			cancel()
		case <-ctx.Done():
		}
	}()
	question, err := h.forms.Question(ctx, orchestrator, b.Pool, b.Worker)
	if err != nil || question == nil {
		return &decided[*sb.FormQuestion]{Status: http.StatusNoContent}, err
	}
	return &decided[*sb.FormQuestion]{Status: http.StatusOK, Body: question}, nil
}

func checkForms(b sb.FormsRequest) error {
	if !poolName.MatchString(b.Pool) {
		return sb.Faulty(faultyDetail, sb.Fault{Location: "body.pool", Message: "a pool has 1 to 40 characters of a-z, 0-9 and -", Value: b.Pool})
	}
	if wrong := sb.CheckName(b.Worker); b.Worker != "" && wrong != "" {
		return sb.Faulty(faultyDetail, sb.Fault{Location: "body.worker", Message: wrong, Value: b.Worker})
	}
	a := b.Answer
	if a == nil {
		return nil
	}
	size := len(a.Inputs) + len(a.Schema) + len(a.Hints) + len(a.Options) + len(a.Warning) + len(a.Label)
	if size > sb.MaxForm {
		return sb.Errorf(sb.TooLarge, "the form has %d bytes; at most %d are taken", size, sb.MaxForm)
	}
	return nil
}

func (h resolvers) archive(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64"`
},
) (*huma.StreamResponse, error) {
	body, size, err := h.forms.Archive(ctx, requestOf(ctx).orchestrator, in.ID)
	if err != nil {
		return nil, err
	}
	return sendZip(body, size, "plugin.zip"), nil
}
