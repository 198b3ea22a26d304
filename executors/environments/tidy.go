package environments

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	sb "signalbox"
)

// Bounds of what is kept.
const (
	most     = 50                  // environments
	unused   = 30 * 24 * time.Hour // then one is removed
	askEvery = 100 * time.Millisecond
)

// stillMade is for who does not wait longer.
const stillMade = "the packages of the plugin's requirements.txt are still being installed on this worker: try again in a minute"

// hold keeps an environment, which may not be there yet, from being removed until release is called.
func hold(ctx context.Context, home string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the folder of environments cannot be made")
	}
	return lock(ctx, home, syscall.LOCK_SH)
}

// claim is for who makes an environment.
func claim(ctx context.Context, home string) (release func(), err error) {
	return lock(ctx, home, syscall.LOCK_EX)
}

// lock takes an environment's lock, a file beside it. A crash lets go of it, too.
func lock(ctx context.Context, home string, how int) (release func(), err error) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		f, err := tryLock(home+".lock", how)
		switch {
		case err != nil:
			return nil, sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be locked")
		case f != nil:
			return func() { _ = f.Close() }, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, sb.Wrap(ctx.Err(), sb.Unavailable, stillMade)
		}
	}
}

// tryLock takes a lock; nil when another has it, or when who had it has removed its file.
func tryLock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if err == nil {
		ours, _ := f.Stat()
		there, err := os.Stat(path)
		if err == nil && os.SameFile(ours, there) {
			return f, nil
		}
	}
	_ = f.Close()
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, err
	}
	return nil, nil //nolint:nilnil // it is not an error
}

// kept is an environment that is there.
type kept struct {
	home string
	used time.Time
	size int64
}

// tidy removes what was not used for long, and what is too many or too large together, the one unused for longest first.
// What is used stays, and so does the one that was just made.
func (e *Environments) tidy(made string) {
	all := e.all()
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(b.used.UnixNano(), a.used.UnixNano()) })
	var size int64
	for n, k := range all {
		size += k.size
		tooMany := n >= most || size > e.options.Space
		if k.home != made && (tooMany || time.Since(k.used) > unused) && remove(k.home) {
			size -= k.size
		}
	}
}

// all lists the environments, and removes what a crash left of one.
func (e *Environments) all() (all []kept) {
	entries, _ := os.ReadDir(e.options.Folder)
	for _, entry := range entries {
		info, err := entry.Info()
		home := filepath.Join(e.options.Folder, entry.Name())
		switch {
		case err != nil || !entry.IsDir():
		case strings.HasPrefix(entry.Name(), "new-"):
			if time.Since(info.ModTime()) > 2*makeMost {
				_ = os.RemoveAll(home)
			}
		default:
			text, _ := os.ReadFile(filepath.Join(home, sizeFile))
			size, _ := strconv.ParseInt(string(text), 10, 64)
			all = append(all, kept{home, info.ModTime(), size})
		}
	}
	return all
}

// remove removes an environment that nobody uses, at once and then for good.
func remove(home string) bool {
	f, err := tryLock(home+".lock", syscall.LOCK_EX)
	if err != nil || f == nil {
		return false
	}
	defer func() { _ = f.Close() }()
	aside := filepath.Join(filepath.Dir(home), "new-"+filepath.Base(home)+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	if os.Rename(home, aside) != nil {
		return false
	}
	_ = os.Remove(home + ".lock")
	_ = os.RemoveAll(aside)
	return true
}
