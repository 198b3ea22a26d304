// Package examples holds plugins to learn from and images to try them on. They are part of the program, so that it
// can show a run on a fresh machine.
package examples

import (
	"archive/zip"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// What Python leaves beside a plugin's files begins with an underscore and is not embedded.
//
//go:embed plugins images/*.png
var files embed.FS

// packedAt is the time of every file in a ZIP, so that the same files are always the same bytes.
var packedAt = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Names lists the plugins, sorted.
func Names() []string {
	entries, err := files.ReadDir("plugins")
	if err != nil {
		panic("examples: the plugins are not embedded: " + err.Error())
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Zip packs a plugin, as a user would, with its manifest at the archive's root. The same release gives the same bytes
// each time. The error is fs.ErrNotExist when there is no such plugin.
func Zip(name string) ([]byte, error) {
	if !fs.ValidPath(name) || strings.Contains(name, "/") || name == "." {
		return nil, fmt.Errorf("examples: plugin %q: %w", name, fs.ErrNotExist)
	}
	plugin, err := fs.Sub(files, path.Join("plugins", name))
	if err != nil {
		return nil, fmt.Errorf("examples: plugin %s: %w", name, err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err = fs.WalkDir(plugin, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return pack(w, plugin, file)
	})
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("examples: plugin %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// pack adds a file as it is: how well another release deflates must not change the bytes.
func pack(w *zip.Writer, from fs.FS, file string) error {
	body, err := fs.ReadFile(from, file)
	if err != nil {
		return err
	}
	h := &zip.FileHeader{Name: file, Method: zip.Store, Modified: packedAt}
	h.SetMode(0o644)
	if path.Ext(file) == ".sh" {
		h.SetMode(0o755)
	}
	out, err := w.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = out.Write(body)
	return err
}

// Images writes the PNG images into a folder, which it makes if it is missing. Files of the same names are replaced.
func Images(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("examples: images: %w", err)
	}
	entries, err := files.ReadDir("images")
	if err != nil {
		return fmt.Errorf("examples: images: %w", err)
	}
	for _, e := range entries {
		body, err := files.ReadFile(path.Join("images", e.Name()))
		if err != nil {
			return fmt.Errorf("examples: images: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), body, 0o644); err != nil {
			return fmt.Errorf("examples: images: %w", err)
		}
	}
	return nil
}
