package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	sb "signalbox"
)

// save writes a download to a file, which appears only when it is whole, or to standard output (-).
func (a *app) save(file string, download func(io.Writer) error) error {
	if file == "-" {
		return download(a.Stdout)
	}
	part, err := os.CreateTemp(filepath.Dir(file), ".signalbox-*")
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be written", file)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	if err := download(part); err != nil {
		_ = part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be written", file)
	}
	if err := os.Rename(part.Name(), file); err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be written", file)
	}
	_, err = fmt.Fprintln(a.Stderr, "Saved as "+printable(file)+".")
	return err
}
