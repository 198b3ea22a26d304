package blobs

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	sb "signalbox"
)

// unfinished is the folder where objects are written before they get their place. What a crash left there is removed
// when the store is opened, once it is a day old: other processes may be writing.
const (
	unfinished    = ".unfinished"
	unfinishedAge = 24 * time.Hour
)

// Files keeps objects as files in a folder, readable by its owner only. Several processes may share the folder. A key
// cannot be an object and the beginning of another object's key at the same time ("a" and "a/b"): Conflict.
type Files struct {
	root *os.Root
	// folders is held for reading while a folder must stay, for writing while folders are made or removed: what is
	// there is then also durable.
	folders sync.RWMutex
}

var _ Store = (*Files)(nil)

// OpenFiles opens a folder as a store, and makes it if it is missing. Errors: Unavailable.
func OpenFiles(dir string) (*Files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be made")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be opened")
	}
	f := &Files{root: root}
	if err := f.clean(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// clean makes the folder for unfinished objects and removes old ones from it.
func (f *Files) clean() error {
	if err := f.root.MkdirAll(unfinished, 0o700); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be written")
	}
	entries, err := readDir(f.root, unfinished)
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be read")
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && time.Since(info.ModTime()) > unfinishedAge {
			_ = f.root.Remove(path.Join(unfinished, e.Name()))
		}
	}
	return nil
}

// Put writes a file beside, makes it durable, and moves it to its place.
func (f *Files) Put(ctx context.Context, key string, r io.Reader) error {
	name, err := pathOf(key)
	if err != nil {
		return err
	}
	temp := path.Join(unfinished, rand.Text())
	if err := f.write(ctx, temp, r); err != nil {
		_ = f.root.Remove(temp)
		return fail(err, "write", key)
	}
	if err := f.place(temp, name); err != nil {
		_ = f.root.Remove(temp)
		return fail(err, "write", key)
	}
	return nil
}

func (f *Files) write(ctx context.Context, temp string, r io.Reader) (err error) {
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, reader{ctx, r}); err != nil {
		return err
	}
	return file.Sync()
}

// place moves an unfinished object to its path. Another process may remove the folder in between when it becomes
// empty: then it is made again, a few times.
func (f *Files) place(temp, name string) error {
	var err error
	for range 5 {
		if err = f.move(temp, name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := f.makeFolder(path.Dir(name)); err != nil {
			return err
		}
	}
	return err
}

func (f *Files) move(temp, name string) error {
	f.folders.RLock()
	defer f.folders.RUnlock()
	if err := f.root.Rename(temp, name); err != nil {
		return err
	}
	return f.sync(path.Dir(name))
}

// makeFolder makes a folder and those above it, each durable in the one above.
func (f *Files) makeFolder(dir string) error {
	f.folders.Lock()
	defer f.folders.Unlock()
	return f.makeFolders(dir)
}

func (f *Files) makeFolders(dir string) error {
	if dir == "." {
		return nil
	}
	err := f.root.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		return f.sync(path.Dir(dir))
	case errors.Is(err, fs.ErrExist):
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := f.makeFolders(path.Dir(dir)); err != nil {
		return err
	}
	return f.makeFolders(dir)
}

func (f *Files) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get opens a file at an offset.
func (f *Files) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	name, err := pathOf(key)
	if err != nil {
		return nil, err
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, fail(err, "read", key)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, fail(errors.Join(err, fs.ErrNotExist), "read", key)
	}
	if length < 0 {
		length = info.Size()
	}
	return section{reader{ctx, io.NewSectionReader(file, offset, length)}, file}, nil
}

// Size tells a file's size.
func (f *Files) Size(_ context.Context, key string) (int64, error) {
	name, err := pathOf(key)
	if err != nil {
		return 0, err
	}
	info, err := f.root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return 0, fail(err, "read", key)
	}
	return info.Size(), nil
}

// Delete removes a file and the folders that it leaves empty.
func (f *Files) Delete(_ context.Context, key string) error {
	name, err := pathOf(key)
	if err != nil {
		return err
	}
	info, err := f.root.Lstat(name)
	if isNotDir(err) || err == nil && info.IsDir() {
		return nil // below an object, or the beginning of other keys
	}
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err, "delete", key)
	}
	f.prune(path.Dir(name))
	return nil
}

// prune removes folders from dir upwards as long as they are empty.
func (f *Files) prune(dir string) {
	f.folders.Lock()
	defer f.folders.Unlock()
	for ; dir != "."; dir = path.Dir(dir) {
		if info, err := f.root.Lstat(dir); err != nil || !info.IsDir() || f.root.Remove(dir) != nil {
			return
		}
	}
}

// Ready tells whether the folder can be written.
func (f *Files) Ready(context.Context) error {
	probe := path.Join(unfinished, rand.Text())
	file, err := f.root.OpenFile(probe, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = file.Write(make([]byte, 4096)) // a full disk still takes empty files
		err = errors.Join(err, file.Close(), f.root.Remove(probe))
	}
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be written")
	}
	return nil
}

// Close ends the use of the folder.
func (f *Files) Close() error {
	if err := f.root.Close(); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the folder for objects cannot be closed")
	}
	return nil
}

// fail gives an error its code. One that has a code already, such as a reader's, stays as it is.
func fail(err error, verb, key string) error {
	var coded *sb.Error
	switch {
	case errors.As(err, &coded):
		return coded
	case verb == "write" && (isNotDir(err) || isDir(err)):
		return sb.Wrap(err, sb.Conflict, "the object %s cannot be beside an object whose key is the beginning of the other's", key)
	case errors.Is(err, fs.ErrNotExist) || isNotDir(err):
		return sb.Wrap(err, sb.NotFound, "the object %s does not exist", key)
	}
	return sb.Wrap(err, sb.Unavailable, "could not %s the object %s", verb, key)
}

// reader ends when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// section is a part of a file.
type section struct {
	io.Reader
	io.Closer
}
