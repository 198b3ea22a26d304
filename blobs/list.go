package blobs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	sb "signalbox"
)

// List walks the folders in the order of keys. It holds one folder's names a level in memory.
func (f *Files) List(ctx context.Context, prefix string, visit func(sb.Blob) error) error {
	dir, key := ".", ""
	for {
		element, rest, more := strings.Cut(prefix[len(key):], "/")
		if !more {
			break
		}
		dir = path.Join(dir, escapeElement(element))
		key = prefix[:len(prefix)-len(rest)]
	}
	return f.walk(ctx, dir, key, prefix, visit)
}

// child is a file or folder by its part of the key; a folder's ends in a slash.
type child struct {
	key  string
	name string
	info fs.DirEntry
}

// walk visits what lies in a folder whose keys begin with key.
func (f *Files) walk(ctx context.Context, dir, key, prefix string, visit func(sb.Blob) error) error {
	if err := ctx.Err(); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the list of objects was given up")
	}
	entries, err := readDir(f.root, dir)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return nil // removed in the meantime
	}
	if err != nil {
		return fail(err, "list", prefix)
	}
	for _, c := range children(entries) {
		k := key + c.key
		if !strings.HasPrefix(k, prefix) && (!c.info.IsDir() || !strings.HasPrefix(prefix, k)) {
			continue
		}
		if c.info.IsDir() {
			err = f.walk(ctx, path.Join(dir, c.name), k, prefix, visit)
		} else {
			err = visitFile(c, k, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func visitFile(c child, key string, visit func(sb.Blob) error) error {
	info, err := c.info.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail(err, "list", key)
	}
	return visit(sb.Blob{Key: key, Size: info.Size(), Modified: info.ModTime()})
}

// children orders a folder's entries as their keys are ordered, and leaves out what is no object of ours.
func children(entries []fs.DirEntry) []child {
	out := make([]child, 0, len(entries))
	for _, e := range entries {
		key, ok := unescapeElement(e.Name())
		if !ok || !e.IsDir() && !e.Type().IsRegular() {
			continue
		}
		if e.IsDir() {
			key += "/"
		}
		out = append(out, child{key, e.Name(), e})
	}
	slices.SortFunc(out, func(a, b child) int { return strings.Compare(a.key, b.key) })
	return out
}

func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	entries, err := d.ReadDir(-1)
	return entries, errors.Join(err, d.Close())
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

func isDir(err error) bool {
	return errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST)
}
