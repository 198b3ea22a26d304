package identity_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// memory is a store that behaves, in memory.
type memory struct {
	identity.Store // what no test here asks for
	mu             sync.Mutex
	now            time.Time
	settings       sb.Settings
	principals     map[string]sb.Principal
	keys           map[string]sb.Key // by hash
	broken         bool
}

func (m *memory) check() error {
	if m.broken {
		return sb.Errorf(sb.Unavailable, "the database cannot be reached")
	}
	return nil
}

func (m *memory) key(hash []byte) (sb.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.keys[string(hash)]
	if !ok || k.ExpiresAt != nil && !k.ExpiresAt.After(m.now) {
		return sb.Key{}, sb.Errorf(sb.NotFound, "no such key")
	}
	return k, m.check()
}

func (m *memory) PrincipalOfKey(ctx context.Context, hash []byte) (sb.Caller, error) {
	k, err := m.key(hash)
	if err != nil {
		return sb.Caller{}, err
	}
	p, err := m.Principal(ctx, k.Owner)
	return sb.Caller{Principal: p, Settings: m.settings, Via: "key:" + k.ID}, err
}

func (m *memory) OrchestratorOfKey(_ context.Context, hash []byte) (string, error) {
	k, err := m.key(hash)
	return k.Owner, err
}

func (m *memory) Principals(_ context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page sb.Page[sb.Principal]
	for _, p := range m.principals {
		if p.Kind == q.Kind {
			page.Items = append(page.Items, p)
		}
	}
	return page, nil
}

func (m *memory) Principal(_ context.Context, idOrName string) (sb.Principal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.principals {
		if p.ID == idOrName || p.Name == idOrName {
			return p, nil
		}
	}
	return sb.Principal{}, sb.Errorf(sb.NotFound, "no such principal")
}

func (m *memory) CreatePrincipal(_ context.Context, p sb.Principal) (sb.Principal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.principals {
		if q.Name == p.Name {
			return sb.Principal{}, sb.Errorf(sb.Conflict, "the name is taken")
		}
	}
	p.ID = fmt.Sprintf("p%d", len(m.principals))
	m.principals[p.ID] = p
	return p, nil
}

func (m *memory) UpdatePrincipal(_ context.Context, id string, f func(sb.Principal) (sb.Principal, error)) (sb.Principal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := f(m.principals[id])
	if err != nil {
		return sb.Principal{}, err
	}
	if m.principals[id].Role == sb.Admin && p.Role != sb.Admin && m.admins() == 1 {
		return sb.Principal{}, sb.Errorf(sb.Conflict, "the last admin")
	}
	m.principals[id] = p
	return p, nil
}

func (m *memory) DeletePrincipal(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.principals[id].Role == sb.Admin && m.admins() == 1 {
		return sb.Errorf(sb.Conflict, "the last admin")
	}
	delete(m.principals, id)
	return nil
}

func (m *memory) admins() (n int) {
	for _, p := range m.principals {
		if p.Role == sb.Admin {
			n++
		}
	}
	return n
}

func (m *memory) CreateKey(_ context.Context, k sb.Key, hash []byte) (sb.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k.ID, k.CreatedAt = fmt.Sprintf("k%d", len(m.keys)), m.now
	m.keys[string(hash)] = k
	return k, m.check()
}

func (m *memory) Keys(_ context.Context, owner string) ([]sb.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []sb.Key
	for _, k := range m.keys {
		if k.Owner == owner {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func (m *memory) DeleteKey(_ context.Context, owner, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, k := range m.keys {
		if k.Owner == owner && k.ID == id {
			delete(m.keys, hash)
			return nil
		}
	}
	return sb.Errorf(sb.NotFound, "no such key")
}

func (m *memory) Settings(context.Context) (sb.Settings, error) { return m.settings, m.check() }

func (m *memory) Now(context.Context) (time.Time, error) { return m.now, m.check() }

// signer is a MAC with a fixed key.
type signer struct{ key string }

func (s signer) MAC(data []byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte(s.key))
	h.Write(data)
	return h.Sum(nil), nil
}

func (s signer) VerifyMAC(tag, data []byte) error {
	want, _ := s.MAC(data)
	if !hmac.Equal(tag, want) {
		return errors.New("not ours")
	}
	return nil
}
