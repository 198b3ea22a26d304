package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	sb "signalbox"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/config"
	"signalbox/executors"
	"signalbox/executors/environments"
	"signalbox/executors/trial"
	python "signalbox/sdk/python"
)

// tryPlugin tries the plugin of an archive as a worker with the settings of this process would run it.
func tryPlugin(ctx context.Context, program string, archive io.Reader) (sb.Trial, error) {
	if program != "" {
		if err := os.Setenv("SIGNALBOX_PYTHON", program); err != nil {
			return sb.Trial{}, sb.Wrap(err, sb.Invalid, "%q is no path of a Python", program)
		}
	}
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
	interpreter, err := pythonOf(ctx, c, c.Worker.Python, folder, filepath.Join(dir, "environments"))
	if err != nil {
		return sb.Trial{}, err
	}
	place := trial.Place{
		Python: interpreter, PythonPath: packages,
		Env: executors.PassEnv(os.Environ(), c.Worker.Env), Path: os.Getenv("PATH"),
	}
	return place.Try(ctx, manifest, folder)
}

// pythonOf gives the Python of a plugin's folder: with uv one that has its packages, made below another folder, which must
// be kept for as long as it is used.
func pythonOf(ctx context.Context, c config.Config, base, folder, made string) (string, error) {
	if base == "" || c.Worker.UV == "" {
		return base, nil
	}
	interpreter, _, err := newEnvironments(ctx, c, base, made).Use(ctx, folder)
	return interpreter, err
}

// newEnvironments makes what installs the packages of plugins, beside those of a Python.
func newEnvironments(ctx context.Context, c config.Config, base, folder string) *environments.Environments {
	return environments.New(ctx, environments.Options{
		UV: c.Worker.UV, Env: environments.PassEnv(os.Environ()), Python: base, Folder: folder, Space: int64(c.Worker.UVSpace),
	})
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
