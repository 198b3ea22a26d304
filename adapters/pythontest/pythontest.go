// Package pythontest installs Python packages for tests against what they hold: by pins that fit each other, from PyPI, each
// set once into the user's cache folder, for all processes of this machine.
package pythontest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// installWithin bounds downloads and all.
const installWithin = 5 * time.Minute

// NotInstallable says why this machine cannot have something.
type NotInstallable struct {
	Name string
	Err  error
}

func (e *NotInstallable) Error() string { return "real " + e.Name + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *NotInstallable) Unwrap() error { return e.Err }

// Recipe is what to install.
type Recipe struct {
	Name     string   // such as "airflow"
	Version  string   // of it
	Packages []string // with their versions
	Pins     []byte   // of everything that may come with them: a file of constraints
	Flags    []string // more of `uv pip install`
}

// Install sees to a set of packages in the cache, and gives the folder of its programs. Errors: *NotInstallable.
func (r Recipe) Install(ctx context.Context, log func(string, ...any)) (bin string, err error) {
	no := func(err error) (string, error) { return "", &NotInstallable{r.Name + " " + r.Version, err} }
	python, err := interpreter()
	if err != nil {
		return no(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return no(err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %q %s", r.Pins, r.Packages, r.Flags, python))
	dir := filepath.Join(cache, "signalbox", r.Name+"-"+r.Version+"-"+hex.EncodeToString(sum[:4]))
	unlock, err := lock(dir)
	if err != nil {
		return no(err)
	}
	defer unlock()
	bin = filepath.Join(dir, "venv", "bin")
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return bin, nil
	}
	log("installing %s %s into %s", r.Name, r.Version, dir)
	if err := r.fill(ctx, dir, python); err != nil {
		return no(err)
	}
	return bin, nil
}

// interpreter finds Python 3.11, for which the pins are, and gives the program itself rather than a shim for it.
func interpreter() (string, error) {
	for _, name := range []string{"python3.11", "python3"} {
		out, err := exec.Command(name, "-c", "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2])").Output()
		if path, version, ok := strings.Cut(strings.TrimSpace(string(out)), " "); err == nil && ok && version == "3.11" {
			return path, nil
		}
	}
	return "", errors.New("there is no Python 3.11")
}

// lock keeps others from installing the same at once.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (r Recipe) fill(ctx context.Context, dir, python string) error {
	file := filepath.Join(dir, "pins.txt")
	if err := os.WriteFile(file, r.Pins, 0o644); err != nil {
		return err
	}
	venv := filepath.Join(dir, "venv")
	if err := os.RemoveAll(venv); err != nil {
		return err
	}
	uv, err := exec.LookPath("uv")
	if err != nil {
		uv = filepath.Join(dir, "uv", "bin", "uv")
		if err := each(ctx, [][]string{
			{python, "-m", "venv", "--clear", filepath.Join(dir, "uv")},
			{filepath.Join(dir, "uv", "bin", "pip"), "install", "-q", "--disable-pip-version-check", "uv"},
		}); err != nil {
			return err
		}
	}
	install := append([]string{uv, "pip", "install", "-q", "--python", filepath.Join(venv, "bin", "python"), "-c", file}, r.Flags...)
	if err := each(ctx, [][]string{{uv, "venv", "-q", "--python", python, venv}, append(install, r.Packages...)}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
}

// each runs commands one after another.
func each(ctx context.Context, commands [][]string) error {
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	for _, args := range commands {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		if out, err := c.CombinedOutput(); err != nil {
			text := strings.TrimSpace(string(out[max(0, len(out)-4000):]))
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, text)
		}
	}
	return nil
}
