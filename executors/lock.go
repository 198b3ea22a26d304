package executors

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	sb "signalbox"
)

// lock takes a worker's name on this machine: two of one name would end each other's work.
func lock(folder, name string) (unlock func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the folder of worker %s cannot be made", name)
	}
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the folder of worker %s cannot be used", name)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { _ = f.Close() }, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, sb.Errorf(sb.Conflict, "another worker named %q runs on this machine; give this one another name", name)
	}
	return nil, sb.Wrap(err, sb.Internal, "the folder of worker %s cannot be locked", name)
}
