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

// Secrets opens what operators may have, and seals what they were given.
type Secrets interface {
	// Values gives the values of secrets by their keys; those that do not exist are left out. Errors: Invalid (some do
	// not open with these keys; the others are given), Unavailable.
	Values(ctx context.Context, keys []string) (map[string]string, error)
	// Lend seals values for the claim of a process.
	Lend(values map[string]string, p sb.Process) ([]byte, error)
	// Lent opens what Lend sealed for the same process. Errors: Invalid (it does not open with these keys).
	Lent(sealed []byte, p sb.Process) (map[string]string, error)
}

// lend finds the secrets of a run's manifest for a claim and seals them into it: what a process is given does not change
// any more, so that it can be masked as long as its words count, whatever becomes of the secret meanwhile. That is so of
// nothing, too: a secret that is added later is not given to who claims again.
func (w *Work) lend(ctx context.Context, c *sb.Claim) (values map[string]string, err error) {
	keys, err := w.keysOf(ctx, c.Run)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	if values, err = w.secrets.Values(ctx, keys); err != nil {
		return nil, err
	}
	c.Secrets, err = w.secrets.Lend(values, c.Process)
	return values, err
}

// lentBefore gives what a process was handed out when it claimed first.
func (w *Work) lentBefore(ctx context.Context, p sb.Process, now map[string]string) (map[string]string, error) {
	lent, err := w.store.Lent(ctx, p.AttemptRef)
	if err != nil {
		return nil, err
	}
	for _, l := range lent {
		if l.Process == p && l.Secrets != nil {
			return w.secrets.Lent(l.Secrets, p)
		}
	}
	return now, nil // an earlier release handed it out
}

// missing names the secrets of a manifest that a process is not given: the operator goes on without them, as it would
// in FiftyOne.
func missing(keys []string, values map[string]string) (list []string) {
	for _, key := range keys {
		if _, there := values[key]; !there {
			list = append(list, key)
		}
	}
	return list
}

// Mask hides what the processes of an attempt were given in what one of them says, whoever says it for it. The worker has
// masked its log before; here it is for those who report by themselves.
func (w *Work) Mask(ctx context.Context, p sb.Process) (sb.Mask, error) {
	keys, err := w.keysOf(ctx, p.Run)
	if err != nil || len(keys) == 0 {
		return sb.Mask{}, noClaim(p, err)
	}
	lent, err := w.store.Lent(ctx, p.AttemptRef)
	if err != nil {
		return sb.Mask{}, err
	}
	var values []string
	unknown := false
	for _, l := range lent {
		if l.Secrets == nil {
			unknown = true
			continue
		}
		given, err := w.secrets.Lent(l.Secrets, l.Process)
		if err != nil {
			return sb.Mask{}, err
		}
		values = slices.AppendSeq(values, maps.Values(given))
	}
	if unknown { // handed out by an earlier release
		now, err := w.secrets.Values(ctx, keys)
		if err != nil && sb.CodeOf(err) != sb.Invalid { // what does not open was not handed out
			return sb.Mask{}, err
		}
		values = slices.AppendSeq(values, maps.Values(now))
	}
	return sb.NewMask(values...), nil
}

// Masked is a piece of a process's log without its secrets.
func (w *Work) Masked(ctx context.Context, p sb.Process, text []byte, ndjson bool) ([]byte, error) {
	mask, err := w.Mask(ctx, p)
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
