// Package sources registers the databases of FiftyOne that datasets and queued operations come from: it checks what admins
// say of them, seals their addresses, and tells who may have one.
package sources

import (
	"context"
	"crypto/rand"

	"github.com/oklog/ulid/v2"

	sb "signalbox"
)

// Registry registers sources. It is safe for use by several goroutines.
type Registry struct {
	store  Store
	keys   Keys
	driver Driver
}

// New makes a registry of sources that a driver reaches.
func New(store Store, keys Keys, driver Driver) *Registry {
	return &Registry{store: store, keys: keys, driver: driver}
}

// Register keeps a new source. What the patch leaves open takes its default. Errors: Invalid with every fault; Conflict
// (the name is taken).
func (r *Registry) Register(ctx context.Context, kind sb.SourceKind, p sb.SourcePatch) (sb.Source, error) {
	s := sb.Source{ID: newID(), Kind: kind, DefaultPermission: sb.NoAccess}
	if p.Pools == nil {
		p.Pools = &[]string{"builtin/" + sb.DefaultPool}
	}
	for _, missing := range []**string{&p.Name, &p.URI, &p.Database} { // so that each is a fault
		if *missing == nil {
			*missing = new(string)
		}
	}
	after, err := r.check(ctx, s, p)
	if err != nil {
		return sb.Source{}, err
	}
	sealed, err := r.keys.Seal([]byte(*p.URI), tie(s.ID))
	if err != nil {
		return sb.Source{}, err
	}
	return r.store.CreateSource(ctx, after, sealed)
}

// Change changes a source. Errors: Invalid with every fault, NotFound, Conflict.
func (r *Registry) Change(ctx context.Context, idOrName string, p sb.SourcePatch) (sb.Source, error) {
	s, err := r.store.Source(ctx, idOrName)
	if err != nil {
		return s, err
	}
	after, err := r.check(ctx, s, p)
	if err != nil {
		return sb.Source{}, err
	}
	var sealed []byte
	if p.URI != nil && !r.same(ctx, s, *p.URI) {
		if sealed, err = r.keys.Seal([]byte(*p.URI), tie(s.ID)); err != nil {
			return sb.Source{}, err
		}
	}
	return r.store.ChangeSource(ctx, s.ID, sealed, func(now sb.Source) (sb.Source, error) {
		return patched(now, after, p), nil
	})
}

// same tells whether a source has this address already.
func (r *Registry) same(ctx context.Context, s sb.Source, uri string) bool {
	now, err := r.uri(ctx, s)
	return err == nil && now == uri
}

// Remove removes a source with its datasets. Errors: NotFound, Conflict (runs of it are open).
func (r *Registry) Remove(ctx context.Context, idOrName string) error {
	s, err := r.store.Source(ctx, idOrName)
	if err != nil {
		return err
	}
	return r.store.DeleteSource(ctx, s.ID, sb.OriginOf(ctx).Actor)
}

// Open gives a source with what reaches its database, which the caller closes. Errors: NotFound, Invalid (its address does
// not open or is not good any more).
func (r *Registry) Open(ctx context.Context, id string) (sb.Source, sb.OperationDatabase, error) {
	s, err := r.store.Source(ctx, id)
	if err != nil {
		return s, nil, err
	}
	uri, err := r.uri(ctx, s)
	if err != nil {
		return s, nil, err
	}
	db, err := r.driver.Open(uri, s.Database)
	return s, db, err
}

// Reach tells what the work of a run gets at its source by; nil for a run without one. The address is given only where
// the run was sent to one of the source's pools. Errors: NotFound, Invalid (the address does not open).
func (r *Registry) Reach(ctx context.Context, run sb.Run) (*sb.Reach, error) {
	id, reach, err := r.store.RunSource(ctx, run.ID)
	if err != nil || id == "" {
		return nil, err
	}
	return r.reach(ctx, id, reach, run.OrchestratorID, run.Target)
}

// ReachFor tells what work on a dataset gets at its source by, where it would be sent; nil for a dataset without a source. Errors:
// NotFound, Invalid (the address does not open).
func (r *Registry) ReachFor(ctx context.Context, d sb.Dataset, orchestratorID string, t sb.Target) (*sb.Reach, error) {
	if d.SourceID == "" {
		return nil, nil
	}
	return r.reach(ctx, d.SourceID, sb.Reach{DatasetID: d.Key, Dataset: d.There}, orchestratorID, t)
}

func (r *Registry) reach(ctx context.Context, id string, reach sb.Reach, orchestratorID string, t sb.Target) (*sb.Reach, error) {
	s, err := r.store.Source(ctx, id)
	if err != nil {
		return nil, err
	}
	reach.Database = s.Database
	if s.Serves(orchestratorID, t) {
		if reach.URI, err = r.uri(ctx, s); err != nil {
			return nil, err
		}
	}
	return &reach, nil
}

func (r *Registry) uri(ctx context.Context, s sb.Source) (string, error) {
	sealed, err := r.store.SourceURI(ctx, s.ID)
	if err != nil {
		return "", err
	}
	uri, err := r.keys.Open(sealed, tie(s.ID))
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "the server's keyset does not open the address of the source %s; an admin must enter it again", s.Name)
	}
	return string(uri), nil
}

// tie names the place of an address.
func tie(id string) []byte { return []byte("source " + id) }

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// patched is a source with what a patch named, as it was found to mean.
func patched(now, meant sb.Source, p sb.SourcePatch) sb.Source {
	set(&now.Name, &meant.Name, p.Name != nil)
	set(&now.Database, &meant.Database, p.Database != nil)
	set(&now.Principal, &meant.Principal, p.Principal != nil)
	set(&now.DefaultPermission, &meant.DefaultPermission, p.DefaultPermission != nil)
	set(&now.Intake, &meant.Intake, p.Intake != nil)
	set(&now.Mirror, &meant.Mirror, p.Mirror != nil)
	set(&now.Pools, &meant.Pools, p.Pools != nil)
	set(&now.Rules, &meant.Rules, p.Rules != nil)
	return now
}

func set[T any](field, value *T, named bool) {
	if named {
		*field = *value
	}
}
