package environments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	sb "signalbox"
)

// What an environment's folder has.
const (
	pythonFile = "python" // names the Python: the environment's own, or the worker's where nothing is missing
	sizeFile   = "size"   // in bytes
	venv       = "venv"
)

// build makes an environment aside and puts it into its place at once.
func (e *Environments) build(ctx context.Context, home, wanted string, base Base) error {
	aside, err := os.MkdirTemp(e.options.Folder, "new-")
	if err != nil {
		return sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be made")
	}
	defer func() { _ = os.RemoveAll(aside) }()
	missing, err := e.missing(ctx, aside, wanted, base)
	if err != nil {
		return err
	}
	python := e.options.Python
	if len(missing) > 0 {
		if err := e.install(ctx, aside, missing, base); err != nil {
			return err
		}
		python = filepath.Join(home, venv, "bin", "python")
	}
	if err := e.seal(aside, python); err != nil {
		return err
	}
	if err := os.Rename(aside, home); err != nil {
		return sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be kept")
	}
	return nil
}

// missing tells what has to be installed besides what the base has. That of the base stays as it is where it can.
func (e *Environments) missing(ctx context.Context, aside, wanted string, base Base) (missing []string, err error) {
	if err := write(aside, "requirements.txt", wanted); err != nil {
		return nil, err
	}
	said, err := e.uv(ctx, aside, "pip", "install", "--dry-run", "--no-build", "--break-system-packages", "--python", e.options.Python,
		"-r", "requirements.txt", "fiftyone=="+base.FiftyOne)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(said) {
		if pinned, is := strings.CutPrefix(strings.TrimSpace(line), "+ "); is {
			missing = append(missing, pinned)
		}
	}
	return missing, nil
}

// install makes a virtual environment with these packages, which falls back on the base.
func (e *Environments) install(ctx context.Context, aside string, pinned []string, base Base) error {
	if _, err := e.uv(ctx, aside, "venv", "--relocatable", "--python", e.options.Python, venv); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(aside, venv, "lib", "python*", "site-packages"))
	if err != nil || len(packages) != 1 {
		return sb.Errorf(sb.Internal, "the virtual environment that uv has made has no folder for packages")
	}
	var fall strings.Builder
	fall.WriteString("import site")
	for _, folder := range base.Folders {
		fmt.Fprintf(&fall, "; site.addsitedir(%s)", strconv.QuoteToASCII(folder))
	}
	if err := write(packages[0], "zz_signalbox.pth", fall.String()+"\n"); err != nil {
		return err
	}
	if err := write(aside, "missing.txt", strings.Join(pinned, "\n")+"\n"); err != nil {
		return err
	}
	_, err = e.uv(ctx, aside, "pip", "install", "--no-deps", "--no-build", "--python", filepath.Join(venv, "bin", "python"), "-r", "missing.txt")
	return err
}

// seal notes of a whole environment what others have to know.
func (e *Environments) seal(aside, python string) error {
	size, err := sizeOf(aside)
	if err != nil {
		return sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be measured")
	}
	if size > e.options.Space {
		return sb.Errorf(sb.TooLarge, "the packages of the plugin's requirements.txt take %s, and all environments may take %s on this worker: SIGNALBOX_UV_SPACE",
			humanize.IBytes(uint64(size)), humanize.IBytes(uint64(e.options.Space)))
	}
	if err := write(aside, sizeFile, strconv.FormatInt(size, 10)); err != nil {
		return err
	}
	if err := write(aside, pythonFile, python); err != nil {
		return err
	}
	return os.Chmod(aside, 0o755)
}

func write(folder, name, text string) error {
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
		return sb.Wrap(err, sb.Internal, "the environment of the plugin cannot be made")
	}
	return nil
}

// sizeOf is what a folder takes on the disk.
func sizeOf(folder string) (size int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// uv runs uv in a folder and gives what it said. Errors: Invalid (it failed, in its words), Internal.
func (e *Environments) uv(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, e.options.UV, append([]string{"--no-progress", "--color", "never"}, args...)...)
	var said bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = append([]string{}, e.options.Env...), folder, &said, &said
	err := cmd.Run()
	switch {
	case errors.As(err, new(*exec.ExitError)):
		return "", sb.Wrap(err, sb.Invalid, "the packages of the plugin's requirements.txt cannot be installed; uv says: %s", e.mask.Text(last(complaint(said.String()))))
	case err != nil:
		return "", sb.Wrap(err, sb.Internal, "SIGNALBOX_UV (%s) cannot be started: %v", e.options.UV, err)
	}
	return said.String(), nil
}

// complaint is what uv said without the Python that it begins with.
func complaint(said string) string {
	if first, rest, more := strings.Cut(said, "\n"); more && strings.HasPrefix(first, "Using Python ") {
		return rest
	}
	return said
}

// saidMost is how much of what a program said is told.
const saidMost = 2000

// last is the end of what a program said.
func last(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > saidMost {
		text = "…" + strings.ToValidUTF8(text[len(text)-saidMost:], "")
	}
	return text
}
