package catalog_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/catalog"
)

// memory is a store that keeps plugins in memory.
type memory struct {
	mu        sync.Mutex
	plugins   []sb.Plugin
	revisions []sb.Revision
	scheduled int
	forget    []string      // what ForgetRevisions tells
	forgotten chan struct{} // gets a word from every ForgetRevisions
	reason    string        // of the last Uninstall
	installed func()        // called when a row counts
	err       error         // for Install
}

var _ catalog.Store = (*memory)(nil)

func (m *memory) Install(_ context.Context, u catalog.Upload) (sb.Plugin, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return sb.Plugin{}, false, m.err
	}
	if m.installed != nil {
		defer m.installed()
	}
	i := slices.IndexFunc(m.plugins, func(p sb.Plugin) bool { return p.Name == u.Manifest.Name })
	created := i < 0
	if created {
		i = len(m.plugins)
		m.plugins = append(m.plugins, sb.Plugin{ID: "p" + strconv.Itoa(i), Name: u.Manifest.Name, Enabled: true})
	}
	p := &m.plugins[i]
	if !created && !u.Overwrite {
		return sb.Plugin{}, false, sb.Errorf(sb.Conflict, "it exists")
	}
	p.Revision = m.revise(p.ID, u)
	before := p.Operators
	p.Operators = nil
	for _, name := range u.Manifest.Operators {
		o := sb.Operator{PluginID: p.ID, Plugin: p.Name, Name: name, Enabled: true, MinimumRole: sb.Member}
		if i := slices.IndexFunc(before, func(o sb.Operator) bool { return o.Name == name }); i >= 0 {
			o = before[i]
		}
		p.Operators = append(p.Operators, o)
	}
	return *p, created, nil
}

func (m *memory) revise(plugin string, u catalog.Upload) sb.Revision {
	number := 1
	for _, r := range m.revisions {
		if r.PluginID == plugin && r.SHA256 == u.SHA256 {
			return r
		}
		if r.PluginID == plugin {
			number = r.Number + 1
		}
	}
	r := sb.Revision{PluginID: plugin, Number: number, SHA256: u.SHA256, Size: u.Size, Root: u.Root, Manifest: u.Manifest, CreatedBy: u.By}
	m.revisions = append(m.revisions, r)
	return r
}

func (m *memory) Plugins(context.Context, string, int) (sb.Page[sb.Plugin], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sb.Page[sb.Plugin]{Items: slices.Clone(m.plugins)}, nil
}

func (m *memory) find(idOrName string) (*sb.Plugin, error) {
	for i, p := range m.plugins {
		if p.ID == idOrName || p.Name == idOrName {
			return &m.plugins[i], nil
		}
	}
	return nil, sb.Errorf(sb.NotFound, "there is no plugin %s", idOrName)
}

func (m *memory) Plugin(_ context.Context, idOrName string) (sb.Plugin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.find(idOrName)
	if err != nil {
		return sb.Plugin{}, err
	}
	return *p, nil
}

func (m *memory) Revisions(_ context.Context, plugin string) ([]sb.Revision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []sb.Revision
	for _, r := range m.revisions {
		if r.PluginID == plugin {
			out = append(out, r)
		}
	}
	slices.Reverse(out)
	return out, nil
}

func (m *memory) Revision(_ context.Context, id string) (sb.Revision, error) {
	return sb.Revision{}, sb.Errorf(sb.NotFound, "there is no revision %s", id)
}

func (m *memory) Rollback(_ context.Context, plugin string, number int) (sb.Plugin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.find(plugin)
	if err != nil {
		return sb.Plugin{}, err
	}
	for _, r := range m.revisions {
		if r.PluginID == plugin && r.Number == number {
			p.Revision = r
			return *p, nil
		}
	}
	return sb.Plugin{}, sb.Errorf(sb.NotFound, "there is no revision %d", number)
}

func (m *memory) EnablePlugin(_ context.Context, plugin string, enabled bool) (sb.Plugin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.find(plugin)
	if err != nil {
		return sb.Plugin{}, err
	}
	p.Enabled = enabled
	return *p, nil
}

func (m *memory) SetOperator(_ context.Context, plugin, operator string, patch catalog.OperatorPatch) (sb.Operator, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.find(plugin)
	if err != nil {
		return sb.Operator{}, err
	}
	for i := range p.Operators {
		if o := &p.Operators[i]; o.Name == operator {
			if patch.Enabled != nil {
				o.Enabled = *patch.Enabled
			}
			if patch.MinimumRole != nil {
				o.MinimumRole = *patch.MinimumRole
			}
			return *o, nil
		}
	}
	return sb.Operator{}, sb.Errorf(sb.NotFound, "there is no operator %s", operator)
}

func (m *memory) Uninstall(_ context.Context, plugin string, _ sb.Who, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reason = reason
	m.plugins = slices.DeleteFunc(m.plugins, func(p sb.Plugin) bool { return p.ID == plugin })
	return nil
}

// Environments are none: no FiftyOne is there.
func (*memory) Environments(context.Context, string) ([]sb.Environment, error) { return nil, nil }

func (*memory) Lacking(context.Context) (map[string]map[string]string, error) { return nil, nil }

func (m *memory) Operators(context.Context) ([]sb.Operator, []sb.Plugin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var operators []sb.Operator
	for _, p := range m.plugins {
		operators = append(operators, p.Operators...)
	}
	return operators, slices.Clone(m.plugins), nil
}

func (m *memory) ForgetRevisions(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forgotten != nil {
		m.forgotten <- struct{}{}
	}
	return m.forget, m.err
}

func (m *memory) Waiting(context.Context, string) (int, int, error) { return m.scheduled, 0, nil }

// shelf keeps blobs in memory.
type shelf struct {
	mu    sync.Mutex
	blobs map[string][]byte
	age   time.Duration // of every blob
	err   error         // for Put and Delete
}

var _ sb.Blobs = (*shelf)(nil)

func (s *shelf) Put(_ context.Context, key string, r io.Reader) error {
	body, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.err == nil {
		s.blobs[key] = body
	}
	return s.err
}

func (s *shelf) Get(_ context.Context, key string, _, _ int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body, ok := s.blobs[key]; ok {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	return nil, sb.Errorf(sb.NotFound, "there is no object %s", key)
}

func (s *shelf) Size(_ context.Context, key string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body, ok := s.blobs[key]; ok {
		return int64(len(body)), nil
	}
	return 0, sb.Errorf(sb.NotFound, "there is no object %s", key)
}

func (s *shelf) List(_ context.Context, prefix string, f func(sb.Blob) error) error {
	for _, key := range s.keys() {
		if strings.HasPrefix(key, prefix) {
			if err := f(sb.Blob{Key: key, Modified: time.Now().Add(-s.age)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		delete(s.blobs, key)
	}
	return s.err
}

func (s *shelf) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []string{}
	for key := range s.blobs {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// archive packs files, given as name and body in turn.
func archive(t testing.TB, namesAndBodies ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(namesAndBodies); i += 2 {
		out, err := w.CreateHeader(&zip.FileHeader{Name: namesAndBodies[i], Method: zip.Deflate})
		require.NoError(t, err)
		_, err = io.WriteString(out, namesAndBodies[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}
