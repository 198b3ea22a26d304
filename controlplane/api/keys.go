package api

import (
	"time"

	sb "signalbox"
)

// Key is a key without its secret.
type Key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// NewKey is a key with its secret, which is shown this once.
type NewKey struct {
	Key
	Secret string `json:"key" doc:"The key itself. It is not kept and cannot be shown again."`
}

type keyBody struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"Missing or null: it does not expire."`
}

// check lists what is wrong with a key that is asked for. Whether the expiry lies ahead is judged where the clock is.
func (b keyBody) check() error { return checkName("body.name", b.Name) }

func keyOfOwner(k sb.Key) Key {
	return Key{
		ID: k.ID, Name: k.Name, CreatedAt: moment(k.CreatedAt), ExpiresAt: momentOf(k.ExpiresAt), LastUsedAt: momentOf(k.LastUsedAt),
	}
}

func keyList(keys []sb.Key, p Paging) (*answer[List[Key]], error) {
	id := func(k sb.Key) string { return k.ID }
	page, err := cut(sorted(keys, id), id, p)
	if err != nil {
		return nil, err
	}
	return listOf(page, keyOfOwner), nil
}
