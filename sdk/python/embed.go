// Package python holds the Python package `signalbox`, so that a worker can give it to operators without an
// installation.
package python

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed signalbox/*.py signalbox/py.typed signalbox/management/*.py signalbox/fiftyone/*.py
var files embed.FS

// Write puts the package into a folder below dir that is named after its content, and returns that folder for
// PYTHONPATH. What is there already is used; several processes may do it at once.
func Write(dir string) (string, error) {
	name, err := hash()
	if err != nil {
		return "", err
	}
	home := filepath.Join(dir, name)
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	aside, err := os.MkdirTemp(dir, "new-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(aside) }()
	if err := os.CopyFS(filepath.Join(aside, "files"), files); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(aside, "files"), home); err != nil {
		if _, there := os.Stat(home); there != nil {
			return "", err
		}
	}
	return home, nil
}

func hash() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := files.ReadFile(path)
		_, _ = h.Write([]byte(path + "\x00"))
		_, _ = h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:32], err
}
