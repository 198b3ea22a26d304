package environments

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	sb "signalbox"
)

// describe tells of the worker's Python what environments depend on.
const describe = `
import importlib.metadata as m, json, site, sys
print(json.dumps({
    "fiftyone": m.version("fiftyone"),
    "folders": site.getsitepackages(),
    "made": [sys.version, sys.prefix, sorted({f"{d.metadata['Name']}=={d.version}" for d in m.distributions()})],
}))
`

// describeMost bounds the question.
const describeMost = time.Minute

// Base is the worker's Python, which has FiftyOne.
type Base struct {
	FiftyOne string   `json:"fiftyone"` // its version
	Folders  []string `json:"folders"`  // of its packages
	identity string
}

// base asks a Python what it is, again when its packages have changed.
type base struct {
	python string

	mu      sync.Mutex
	last    Base
	changed time.Time
}

func (b *base) known(ctx context.Context) (Base, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.identity != "" && b.last.changed().Equal(b.changed) {
		return b.last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, describeMost)
	defer cancel()
	out, err := exec.CommandContext(ctx, b.python, "-I", "-c", describe).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return Base{}, sb.Wrap(err, sb.Invalid, "SIGNALBOX_PYTHON (%s) has no FiftyOne: %s", b.python, last(string(failed.Stderr)))
		}
		return Base{}, sb.Wrap(err, sb.Invalid, "SIGNALBOX_PYTHON (%s) cannot be started: %v", b.python, err)
	}
	var told Base
	if err := json.Unmarshal(out, &told); err != nil {
		return Base{}, sb.Wrap(err, sb.Internal, "what SIGNALBOX_PYTHON (%s) tells cannot be read", b.python)
	}
	told.identity = b.python + "\n" + strings.TrimSpace(string(out))
	b.last, b.changed = told, told.changed()
	return told, nil
}

// changed is when a package was last added or removed.
func (b Base) changed() (at time.Time) {
	for _, folder := range b.Folders {
		if info, err := os.Stat(folder); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}
