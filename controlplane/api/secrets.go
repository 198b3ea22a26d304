package api

import (
	"context"
	"time"

	sb "signalbox"
)

// Secret is a named value for operators whose manifest asks for it. The value is never shown.
type Secret struct {
	Key         string    `json:"key" doc:"The environment variable that operators find it in."`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	UpdatedBy   Who       `json:"updated_by"`
}

func secretOf(s sb.Secret) Secret {
	return Secret{
		Key: s.Key, Description: s.Description, CreatedAt: moment(s.CreatedAt), UpdatedAt: moment(s.UpdatedAt), UpdatedBy: whoOf(s.UpdatedBy),
	}
}

type secrets struct{ secrets Secrets }

func (s *server) secretRoutes() {
	h := secrets{s.Secrets}
	on(s, route{method: get, path: "/secrets", what: "Secrets, without their values", door: forPeople, right: sb.ActAdminister}, h.list)
	on(s, route{method: post, path: "/secrets", what: "Keep a secret for operators whose manifest asks for it", door: forPeople, right: sb.ActAdminister, status: 201, limit: secretBody}, h.create)
	on(s, route{method: patch, path: "/secrets/{key}", what: "Change a secret's value or description", door: forPeople, right: sb.ActAdminister, limit: secretBody}, h.patch)
	on(s, route{method: remove, path: "/secrets/{key}", what: "Delete a secret; work that was given it keeps it", door: forPeople, right: sb.ActAdminister}, h.delete)
}

// secretBody bounds a body with a secret's value, whose characters JSON may write as six.
const secretBody = 6*sb.MaxSecret + 16<<10

func (h secrets) list(ctx context.Context, in *Paging) (*answer[List[Secret]], error) {
	page, err := h.secrets.Secrets(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, secretOf), nil
}

type secretInput struct {
	Body struct {
		Key         string `json:"key" doc:"1 to 200 of A-Z, a-z, 0-9 and _, not a digit first; none of the variables that decide how processes run, such as PATH."`
		Value       string `json:"value" doc:"At least 6 characters in one line, so that it can be masked in logs; at most 65536 bytes."`
		Description string `json:"description,omitempty" doc:"At most 1000 bytes."`
	}
}

func (h secrets) create(ctx context.Context, in *secretInput) (*placed[Secret], error) {
	s, err := h.secrets.CreateSecret(ctx, in.Body.Key, in.Body.Value, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return &placed[Secret]{Location: base + "/secrets/" + s.Key, Body: secretOf(s)}, nil
}

// BySecret is a path to a secret.
// BySecret is a path to a secret.
type BySecret struct {
	Key string `path:"key" maxLength:"200"`
}

type secretPatch struct {
	BySecret
	Body struct {
		Value       *string `json:"value,omitempty"`
		Description *string `json:"description,omitempty"`
	}
}

func (h secrets) patch(ctx context.Context, in *secretPatch) (*answer[Secret], error) {
	s, err := h.secrets.UpdateSecret(ctx, in.Key, in.Body.Value, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return answerOf(secretOf(s)), nil
}

func (h secrets) delete(ctx context.Context, in *BySecret) (*none, error) {
	return nil, h.secrets.DeleteSecret(ctx, in.Key)
}
