package cli

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sb "signalbox"
)

// pruned are folders that a plugin's folder often holds and its archive never needs.
var pruned = []string{".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}

// zipTime is every file's time in an archive, so that the same files are the same archive and no new revision.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipFolder writes a plugin's folder as a ZIP: plain files in the order of their names, with whether they can be
// executed. Links are refused, because the server would refuse them.
func zipFolder(w io.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be read", dir)
	}
	defer func() { _ = root.Close() }()
	if !hasManifest(root.FS()) {
		return sb.Errorf(sb.Invalid, "the folder %s is no plugin: it has no fiftyone.yml, at its top or one folder down", dir)
	}
	z := zip.NewWriter(w)
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return sb.Wrap(err, sb.Invalid, "%s cannot be read", filepath.Join(dir, name))
		case d.IsDir() && slices.Contains(pruned, path.Base(name)):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, ".pyc"):
			return nil
		case !d.Type().IsRegular():
			return sb.Errorf(sb.Invalid, "%s is a link or a special file; a plugin holds plain files only", filepath.Join(dir, name))
		default:
			return zipFile(z, root, name)
		}
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return sb.Wrap(err, sb.Invalid, "the archive cannot be written")
	}
	return nil
}

// hasManifest looks for a manifest where the server does, before anything is packed.
func hasManifest(folder fs.FS) bool {
	for _, pattern := range []string{"fiftyone.yml", "fiftyone.yaml", "*/fiftyone.yml", "*/fiftyone.yaml"} {
		if found, err := fs.Glob(folder, pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

func zipFile(z *zip.Writer, root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be read", name)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be read", name)
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime}
	h.SetMode(0o644 | info.Mode()&0o111)
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = io.Copy(w, f)
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be packed", name)
	}
	return nil
}

// openFolder packs a folder into a temporary file and opens that. Closing it removes it.
func openFolder(dir string) (io.ReadCloser, error) {
	f, err := os.CreateTemp("", "signalbox-plugin-*.zip")
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the folder cannot be packed")
	}
	packed := temporary{f}
	if err := zipFolder(f, dir); err != nil {
		_ = packed.Close()
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		_ = packed.Close()
		return nil, sb.Wrap(err, sb.Invalid, "the folder cannot be packed")
	}
	return packed, nil
}

// temporary is a file that is gone when it is closed.
type temporary struct{ *os.File }

// Close closes and removes the file.
func (t temporary) Close() error {
	_ = t.File.Close()
	return os.Remove(t.Name())
}
