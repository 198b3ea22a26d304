package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	sb "signalbox"
	"signalbox/controlplane/config"
)

// openFolder makes the data folder, of mode 0700, and locks it for this process. Errors: Conflict (another process
// uses it), Unavailable.
func openFolder(c config.Config) (unlock func(), err error) {
	dir := c.Server.DataDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the data folder %s cannot be made", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the data folder %s cannot be made private", dir)
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the data folder %s cannot be used", dir)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, sb.Errorf(sb.Conflict, "another signalbox uses the data folder %s; stop it, or set SIGNALBOX_DATA_DIR to another folder", dir)
		}
		return nil, sb.Wrap(err, sb.Unavailable, "the data folder %s cannot be locked", dir)
	}
	return func() { _ = file.Close() }, nil // closing gives the lock back
}
