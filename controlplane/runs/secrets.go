package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
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
	// Reach tells what the work of a run gets at its source by; nil for a run without one. Errors: Invalid (the source's
	// address does not open), Unavailable.
	Reach(ctx context.Context, run sb.Run) (*sb.Reach, error)
}

// addressKey is the name under which the address of a run's source is lent: no secret can have it.
const addressKey = "fiftyone:uri"

// lend finds the secrets of a run's manifest for a claim, and the address of its source, and seals them into it: what a process
// is given does not change any more, so that it can be masked as long as its words count, whatever becomes of the secret
// meanwhile. That is so of nothing, too: a secret that is added later is not given to who claims again.
func (w *Work) lend(ctx context.Context, c *sb.Claim) (values map[string]string, err error) {
	d, err := w.declaredOf(ctx, c.Run)
	if err != nil || d.nothing() {
		return nil, err
	}
	values = map[string]string{}
	if len(d.keys) > 0 {
		if values, err = w.secrets.Values(ctx, d.keys); err != nil {
			return nil, err
		}
	}
	if d.reaches {
		if err := w.lendAddress(ctx, c.Run, values); err != nil {
			return nil, err
		}
	}
	c.Secrets, err = w.secrets.Lend(values, c.Process)
	return values, err
}

func (w *Work) lendAddress(ctx context.Context, id string, values map[string]string) error {
	run, err := w.store.Run(ctx, id)
	if err != nil {
		return err
	}
	reach, err := w.secrets.Reach(ctx, run)
	if err != nil || reach == nil || reach.URI == "" {
		return err
	}
	values[addressKey] = reach.URI
	return nil
}

// reach is what a run gets at its source by, with the address that its process was lent; nil for none. It takes the address
// out of the values.
func (w *Work) reach(ctx context.Context, run sb.Run, values map[string]string) (*sb.Reach, error) {
	uri := values[addressKey]
	delete(values, addressKey)
	reach, err := w.secrets.Reach(ctx, run)
	if err == nil && reach != nil {
		reach.URI = uri
	}
	return reach, err
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
	d, err := w.declaredOf(ctx, p.Run)
	if err != nil || d.nothing() {
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
		values = append(values, passwordOf(given[addressKey])...)
	}
	if unknown { // handed out by an earlier release
		now, err := w.secrets.Values(ctx, d.keys)
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

// passwordOf is the password of an address, which says as much alone.
func passwordOf(uri string) []string {
	u, err := url.Parse(uri)
	if err != nil || u.User == nil {
		return nil
	}
	if password, has := u.User.Password(); has {
		return []string{password}
	}
	return nil
}

// maxDeclared is how many runs are remembered with what they are lent; then all are forgotten and read again.
const maxDeclared = 10_000

// declared is what a run is lent: the secrets that its manifest names, and the address of its source. A run is pinned to its
// revision and stays on its dataset, so that never changes.
type declared struct {
	keys    []string
	reaches bool // it needs the FiftyOne runtime, and has a source
}

func (d declared) nothing() bool { return len(d.keys) == 0 && !d.reaches }

// declarations remembers what runs are lent.
type declarations struct {
	mu   sync.Mutex
	runs map[string]declared
}

func (d *declarations) of(run string) (declared, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, known := d.runs[run]
	return found, known
}

func (d *declarations) keep(run string, found declared) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.runs == nil || len(d.runs) >= maxDeclared {
		d.runs = map[string]declared{}
	}
	d.runs[run] = found
}

// declaredOf tells what a run is lent.
func (w *Work) declaredOf(ctx context.Context, id string) (declared, error) {
	if found, known := w.declared.of(id); known {
		return found, nil
	}
	run, err := w.store.Run(ctx, id)
	if err != nil {
		return declared{}, err
	}
	revision, err := w.archives.Revision(ctx, run.RevisionID)
	if err != nil {
		return declared{}, err
	}
	found := declared{keys: revision.Manifest.Secrets}
	if commandOf(revision, run) == nil {
		reach, err := w.secrets.Reach(ctx, run)
		if err != nil && sb.CodeOf(err) != sb.Invalid {
			return declared{}, err
		}
		found.reaches = err != nil || reach != nil
	}
	w.declared.keep(id, found)
	return found, nil
}

// commandOf is the command of a run's operator; nil for one that needs the FiftyOne runtime.
func commandOf(revision sb.Revision, run sb.Run) *sb.Command {
	if _, name, ok := sb.SplitURI(run.Operator); ok {
		if command, has := revision.Manifest.Commands[name]; has {
			return &command
		}
	}
	return nil
}
