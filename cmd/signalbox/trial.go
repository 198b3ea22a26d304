package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"

	sb "signalbox"
	"signalbox/controlplane/catalog"
	"signalbox/executors"
	"signalbox/executors/trial"
	python "signalbox/sdk/python"
)

// tryPlugin tries the plugin of an archive as a worker with the settings of this process would run it.
func tryPlugin(ctx context.Context, program string, archive io.Reader) (sb.Trial, error) {
	c, err := load()
	if err != nil {
		return sb.Trial{}, err
	}
	dir, err := os.MkdirTemp("", "signalbox-trial-")
	if err != nil {
		return sb.Trial{}, sb.Wrap(err, sb.Internal, "there is no place to try the plugin")
	}
	defer func() { _ = os.RemoveAll(dir) }()
	manifest, folder, err := unpack(archive, dir)
	if err != nil {
		return sb.Trial{}, err
	}
	packages, err := python.Write(filepath.Join(dir, "python"))
	if err != nil {
		return sb.Trial{}, sb.Wrap(err, sb.Internal, "the Python package cannot be written to %s", dir)
	}
	place := trial.Place{
		Python: cmp.Or(program, c.Worker.Python), PythonPath: packages,
		Env: executors.PassEnv(os.Environ(), c.Worker.Env), Path: os.Getenv("PATH"),
	}
	return place.Try(ctx, manifest, folder)
}

// unpack unpacks an archive below a folder, and gives the folder of its manifest.
func unpack(archive io.Reader, dir string) (m sb.Manifest, folder string, err error) {
	file, err := os.Create(filepath.Join(dir, "plugin.zip"))
	if err != nil {
		return m, "", sb.Wrap(err, sb.Internal, "there is no place to keep the plugin")
	}
	defer func() { _ = file.Close() }()
	size, err := io.Copy(file, archive)
	if err != nil {
		return m, "", sb.Wrap(err, sb.Invalid, "the plugin cannot be read")
	}
	m, root, err := catalog.ReadArchive(file, size, catalog.Limits{})
	if err != nil {
		return m, "", err
	}
	to := filepath.Join(dir, "plugin")
	return m, filepath.Join(to, root), sb.Unpack(file, size, to, sb.ArchiveLimits{})
}
