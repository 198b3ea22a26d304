package store

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// manifests are those of revisions that were read before. A revision never changes, so neither does what is kept here;
// who reads one must not change it.
type manifests struct {
	mu   sync.RWMutex
	kept map[string]sb.Manifest // by the revision's id
}

// maxManifests bounds what is kept; beyond it all is forgotten and read again.
const maxManifests = 5000

func (m *manifests) get(ids []string) (found map[string]sb.Manifest, missing []string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found = make(map[string]sb.Manifest, len(ids))
	for _, id := range ids {
		if manifest, ok := m.kept[id]; ok {
			found[id] = manifest
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (m *manifests) keep(list map[string]sb.Manifest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept)+len(list) > maxManifests {
		m.kept = map[string]sb.Manifest{}
	}
	for id, manifest := range list {
		m.kept[id] = manifest
	}
}

// manifest reads the manifest of a revision.
func (s *Store) manifest(ctx context.Context, q bun.IDB, revisionID string) (sb.Manifest, error) {
	found, err := s.manifestsOf(ctx, q, []string{revisionID})
	return found[revisionID], err
}

// manifestsOf reads the manifests of revisions: from the database only those that were never read here.
func (s *Store) manifestsOf(ctx context.Context, q bun.IDB, revisionIDs []string) (map[string]sb.Manifest, error) {
	found, missing := s.manifests.get(revisionIDs)
	if len(missing) == 0 {
		return found, nil
	}
	var rows []struct{ ID, Manifest string }
	if err := q.NewRaw("SELECT id, manifest FROM revisions WHERE id IN (?)", bun.List(missing)).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	fresh := make(map[string]sb.Manifest, len(rows))
	for _, row := range rows {
		var m sb.Manifest
		if err := json.Unmarshal([]byte(row.Manifest), &m); err != nil {
			return nil, err
		}
		found[row.ID], fresh[row.ID] = m, m
	}
	s.manifests.keep(fresh)
	return found, nil
}
