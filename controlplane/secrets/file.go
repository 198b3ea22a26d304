package secrets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	sb "signalbox"
)

// file is a keyset in a file, in clear text: whoever may read the file has the keys.
type file struct{ path string }

func (f file) name() string { return "the file " + f.path }

func (f file) read(context.Context) ([]byte, string, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", sb.Errorf(sb.NotFound, "there is no keyset file %s; make one with `signalbox migrate --keyset FILE`, or bring back its copy if there was one", f.path)
	}
	if err != nil {
		return nil, "", sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be read", f.path)
	}
	return text, digest(text), nil
}

// digest stands for what was read.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (f file) create(_ context.Context, text []byte) error {
	err := writeNew(f.path, text)
	if errors.Is(err, fs.ErrExist) {
		return sb.Errorf(sb.Conflict, "the keyset file %s exists already", f.path)
	}
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be written", f.path)
	}
	return nil
}

// replace writes the new keyset beside and moves it to its place, so that a crash leaves one of the two, whole. Owner
// and mode stay: the server must be able to read what somebody else has rotated.
func (f file) replace(ctx context.Context, token string, text []byte) error {
	path, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be found", f.path)
	}
	beside := path + ".new"
	if err := (file{beside}).create(ctx, text); err != nil {
		return err
	}
	if err := f.move(ctx, token, beside, path); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return nil
}

func (f file) move(ctx context.Context, token, beside, path string) error {
	_, now, err := f.read(ctx)
	if err != nil {
		return err
	}
	if now != token {
		return sb.Errorf(sb.Conflict, "the keyset file %s was changed meanwhile; try again", f.path)
	}
	if err := errors.Join(likeIt(beside, path), os.Rename(beside, path)); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be replaced", f.path)
	}
	return nil
}

// likeIt gives a file the mode and owner of another.
func likeIt(path, other string) error {
	info, err := os.Stat(other)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		err = os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return errors.Join(err, os.Chmod(path, info.Mode().Perm()))
}

// writeNew writes a file that must not exist yet and returns when it is durable.
func writeNew(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(path) // half a keyset would be refused at the next start
		}
	}()
	if _, err = f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}
