// Package environments makes Pythons for plugins that need more than the worker's own has: a virtual environment that
// holds what its requirements.txt asks for besides, and falls back on the worker's Python for all else. FiftyOne is the
// worker's own, and is imported from there.
//
// An environment is there whole or not at all, under a name made of what it depends on, so that the workers of a
// machine share it. It is made by uv, of wheels alone: nothing of a package runs before an operator does, who runs under
// an account of his own where there is one.
package environments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	sb "signalbox"
)

// makeMost bounds the making of an environment, with its downloads.
const makeMost = 15 * time.Minute

// Options say how environments are made.
type Options struct {
	UV     string   // the program uv
	Env    []string // all of its environment, which tells the index of packages
	Python string   // has FiftyOne
	Folder string   // of environments, for all workers of this machine
	Space  int64    // bytes that they may take
}

// Environments makes environments. Safe for use by several goroutines, and by several processes at once.
type Environments struct {
	options Options
	life    context.Context // until then they are made
	mask    sb.Mask         // of what must not be read in the words of uv
	base    base
	making  singleflight.Group
}

// New gives environments that are made until life is done.
func New(life context.Context, o Options) *Environments {
	e := &Environments{options: o, life: life, mask: maskOf(o.Env), base: base{python: o.Python}}
	e.tidy("")
	return e
}

// Use gives the Python for a plugin, which stays until release is called; release is never nil. Making it may take minutes,
// and goes on when ctx is done. Errors: Invalid (it cannot be made, in the words of uv), Unavailable (ctx is done), Internal.
func (e *Environments) Use(ctx context.Context, folder string) (python string, release func(), err error) {
	wanted, err := requirements(folder)
	if err != nil {
		return "", func() {}, err
	}
	if wanted == "" {
		return e.options.Python, func() {}, nil
	}
	base, err := e.base.known(ctx)
	if err != nil {
		return "", func() {}, err
	}
	home := e.home(wanted, base)
	for {
		release, err = hold(ctx, home)
		if err != nil {
			return "", func() {}, err
		}
		python, err = pythonOf(home)
		if err == nil {
			return python, release, nil
		}
		release()
		if !errors.Is(err, fs.ErrNotExist) {
			return "", func() {}, sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be used")
		}
		if err := e.make(ctx, home, wanted, base); err != nil {
			return "", func() {}, err
		}
	}
}

// home is the folder of an environment.
func (e *Environments) home(wanted string, base Base) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{base.identity, wanted}, "\x00")))
	return filepath.Join(e.options.Folder, hex.EncodeToString(sum[:16]))
}

// pythonOf reads which Python an environment has, and notes that it is used now.
func pythonOf(home string) (string, error) {
	python, err := os.ReadFile(filepath.Join(home, pythonFile))
	if err != nil {
		return "", err
	}
	return string(python), os.Chtimes(home, time.Time{}, time.Now())
}

// make makes an environment, or waits for who makes it, in this process or another.
func (e *Environments) make(ctx context.Context, home, wanted string, base Base) error {
	made := e.making.DoChan(home, func() (any, error) { //nolint:contextcheck // it goes on for who comes later
		ctx, cancel := context.WithTimeout(e.life, makeMost)
		defer cancel()
		err := e.makeAlone(ctx, home, wanted, base)
		if ctx.Err() != nil && e.life.Err() == nil {
			err = sb.Wrap(ctx.Err(), sb.Invalid, "the packages of the plugin's requirements.txt could not be installed within %s", makeMost)
		}
		return nil, err
	})
	select {
	case m := <-made:
		return m.Err
	case <-ctx.Done():
		return sb.Wrap(ctx.Err(), sb.Unavailable, stillMade)
	}
}

// makeAlone makes an environment while no other process does.
func (e *Environments) makeAlone(ctx context.Context, home, wanted string, base Base) error {
	if err := os.MkdirAll(e.options.Folder, 0o755); err != nil {
		return sb.Wrap(err, sb.Internal, "the folder of environments cannot be made")
	}
	unlock, err := claim(ctx, home)
	if err != nil {
		return err
	}
	_, err = pythonOf(home)
	if errors.Is(err, fs.ErrNotExist) {
		err = e.build(ctx, home, wanted, base)
	}
	unlock()
	e.tidy(home)
	return err
}
