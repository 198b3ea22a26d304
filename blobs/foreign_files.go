package blobs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	sb "signalbox"
)

// Foreign files are opened element by element, each looked at before and after it is opened: what changes in between is
// noticed, and no link is ever followed. The root itself may be reached by links: an admin named it.

// folder opens the folder below a root that holds a key, and gives the name of the key there.
func (f *Foreign) folder(root sb.LogRoot, key string) (_ *os.Root, name string, err error) {
	at, err := os.OpenRoot("/" + root.Folder)
	if err != nil {
		return nil, "", failFile(root, "", err)
	}
	name = key
	for {
		if err := f.notOurs(at, root); err != nil {
			_ = at.Close()
			return nil, "", err
		}
		element, rest, more := strings.Cut(name, "/")
		if !more {
			return at, name, nil
		}
		next, err := step(at, element)
		_ = at.Close()
		if err != nil {
			return nil, "", failFile(root, key, err)
		}
		at, name = next, rest
	}
}

// step opens a folder in a folder, unless it is a link.
func step(at *os.Root, name string) (*os.Root, error) {
	before, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, notPlain(before)
	}
	next, err := at.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	after, err := next.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = errChanged
	}
	if err != nil {
		_ = next.Close()
		return nil, err
	}
	return next, nil
}

var (
	errChanged = errors.New("it changed while it was opened")
	errLink    = errors.New("it is a link, and links are not followed")
	errNoFile  = errors.New("it is no regular file")
	errLinked  = errors.New("it has several names (hard links), so it may be another's file")
)

func notPlain(info fs.FileInfo) error {
	if info.Mode()&fs.ModeSymlink != 0 {
		return errLink
	}
	return errNoFile
}

// notOurs refuses a folder that is one of ours, by whatever name it was reached.
func (f *Foreign) notOurs(at *os.Root, root sb.LogRoot) error {
	here, err := at.Stat(".")
	if err != nil {
		return failFile(root, "", err)
	}
	for _, own := range f.own {
		if info, err := os.Stat(own); err == nil && os.SameFile(here, info) {
			return sb.Errorf(sb.Invalid, "%s leads into a folder of Signalbox's own, where no logs of others are read", root)
		}
	}
	return nil
}

// notInside refuses a root that lies in a folder of ours, links on the way to it followed.
func (f *Foreign) notInside(root sb.LogRoot) error {
	real, err := filepath.EvalSymlinks("/" + root.Folder)
	if err != nil {
		return failFile(root, "", err)
	}
	for _, own := range f.own {
		if own, err := filepath.EvalSymlinks(own); err == nil && (real == own || strings.HasPrefix(real, own+"/")) {
			return sb.Errorf(sb.Invalid, "%s lies in a folder of Signalbox's own, where no logs of others are read", root)
		}
	}
	return nil
}

func (f *Foreign) nearFiles(root sb.LogRoot, key string) ([]sb.Blob, error) {
	if err := f.notInside(root); err != nil {
		return nil, err
	}
	at, name, err := f.folder(root, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	dir, err := at.Open(".")
	if err != nil {
		return nil, failFile(root, key, err)
	}
	entries, err := dir.ReadDir(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, failFile(root, key, err)
	}
	var found []sb.Blob
	for _, e := range entries {
		rest, near := strings.CutPrefix(e.Name(), name)
		if !near || e.IsDir() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, failFile(root, key, err)
		}
		switch {
		case info.Mode().IsRegular():
		case rest == "":
			return nil, failFile(root, key, notPlain(info))
		default:
			continue // what stands beside the log is no part of it
		}
		found = append(found, sb.Blob{Key: key + rest, Size: info.Size(), Modified: info.ModTime()})
	}
	return found, nil
}

func (f *Foreign) getFile(ctx context.Context, root sb.LogRoot, key string, offset, length int64) (io.ReadCloser, error) {
	if err := f.notInside(root); err != nil {
		return nil, err
	}
	at, name, err := f.folder(root, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	file, err := openPlain(at, name)
	if err != nil {
		return nil, failFile(root, key, err)
	}
	return section{reader{ctx, io.NewSectionReader(file, offset, length)}, file}, nil
}

// openPlain opens a regular file that has no other name. Opening never waits, as it would for a FIFO.
func openPlain(at *os.Root, name string) (*os.File, error) {
	before, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, notPlain(before)
	}
	file, err := at.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	after, err := file.Stat()
	switch {
	case err != nil:
	case !os.SameFile(before, after):
		err = errChanged
	case hardLinks(after) > 1:
		err = errLinked
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func hardLinks(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) //nolint:unconvert // of another size elsewhere
	}
	return 1
}

func (f *Foreign) readableFolder(root sb.LogRoot) error {
	if err := f.notInside(root); err != nil {
		return err
	}
	at, _, err := f.folder(root, "x")
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	dir, err := at.Open(".")
	if err != nil {
		return failFile(root, "", err)
	}
	_, err = dir.ReadDir(1)
	if err = errors.Join(err, dir.Close()); err != nil && !errors.Is(err, io.EOF) {
		return failFile(root, "", err)
	}
	return nil
}

// failFile says what happened to a foreign file.
func failFile(root sb.LogRoot, key string, err error) error {
	uri := root.String()
	if key != "" {
		uri = sb.LogPlace{Root: root, Key: key}.URI()
	}
	for _, plain := range []error{errLink, errNoFile, errLinked, errChanged} {
		if errors.Is(err, plain) {
			return sb.Errorf(sb.Invalid, "%s is not read: %s", uri, plain)
		}
	}
	switch {
	case errors.Is(err, syscall.ELOOP):
		return sb.Errorf(sb.Invalid, "%s is not read: %s", uri, errLink)
	case errors.Is(err, fs.ErrPermission):
		return sb.Wrap(err, sb.Forbidden, "reading %s is denied to the account of Signalbox", uri)
	case key == "" && errors.Is(err, fs.ErrNotExist):
		return sb.Wrap(err, sb.NotFound, "there is no folder %s on this machine", uri)
	case errors.Is(err, fs.ErrNotExist) || isNotDir(err):
		return sb.Wrap(err, sb.NotFound, "there is no file %s", uri)
	}
	return sb.Wrap(err, sb.Unavailable, "%s cannot be read now", uri)
}
