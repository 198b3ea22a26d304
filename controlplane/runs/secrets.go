package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	sb "signalbox"
)

// Secrets opens what operators may have.
type Secrets interface {
	// Values gives the values of secrets by their keys; those that do not exist are left out. Errors: Invalid (some do
	// not open with these keys; the others are given), Unavailable.
	Values(ctx context.Context, keys []string) (map[string]string, error)
}

// handOut gives the secrets of a manifest that exist, and names those that do not: the operator goes on without them,
// as it would in FiftyOne.
func (w *Work) handOut(ctx context.Context, keys []string) (values map[string]string, missing []string, err error) {
	if len(keys) == 0 {
		return nil, nil, nil
	}
	if values, err = w.secrets.Values(ctx, keys); err != nil {
		return nil, nil, err
	}
	for _, key := range keys {
		if _, there := values[key]; !there {
			missing = append(missing, key)
		}
	}
	return values, missing, nil
}

// mask hides the secrets of a process in what it says, whoever says it for it. The worker has masked its log before; here
// it is for those who report by themselves. A value that was replaced after the claim is not known any more.
func (w *Work) mask(ctx context.Context, p sb.Process) (sb.Mask, error) {
	keys, err := w.keysOf(ctx, p.Run)
	if err != nil || len(keys) == 0 {
		return sb.Mask{}, noClaim(p, err)
	}
	values, err := w.secrets.Values(ctx, keys)
	if err != nil && sb.CodeOf(err) != sb.Invalid { // what does not open was not handed out
		return sb.Mask{}, err
	}
	return sb.NewMask(slices.Collect(maps.Values(values))...), nil
}

// Masked is a piece of a process's log without its secrets.
func (w *Work) Masked(ctx context.Context, p sb.Process, text []byte, ndjson bool) ([]byte, error) {
	mask, err := w.mask(ctx, p)
	if err != nil || !ndjson {
		return mask.Bytes(text), err
	}
	var out []byte
	for line := range bytes.Lines(text) {
		if json.Valid(line) {
			line = mask.JSON(line)
		} else {
			line = mask.Bytes(line)
		}
		out = append(out, line...)
	}
	return out, nil
}

// maxDeclared is how many runs are remembered with the secrets of their manifest; then all are forgotten and read again.
const maxDeclared = 10_000

// declared remembers which secrets runs' manifests name. A run is pinned to its revision, so that never changes.
type declared struct {
	mu   sync.Mutex
	keys map[string][]string
}

func (d *declared) of(run string) (keys []string, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys, known = d.keys[run]
	return keys, known
}

func (d *declared) keep(run string, keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keys == nil || len(d.keys) >= maxDeclared {
		d.keys = map[string][]string{}
	}
	d.keys[run] = keys
}

// keysOf tells which secrets the manifest of a run names.
func (w *Work) keysOf(ctx context.Context, run string) ([]string, error) {
	if keys, known := w.declared.of(run); known {
		return keys, nil
	}
	r, err := w.store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	revision, err := w.archives.Revision(ctx, r.RevisionID)
	if err != nil {
		return nil, err
	}
	w.declared.keep(run, revision.Manifest.Secrets)
	return revision.Manifest.Secrets, nil
}
