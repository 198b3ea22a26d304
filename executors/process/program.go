package process

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	sb "signalbox"
)

// Find tells whether a worker with that PATH would find a command's program. Errors: Invalid, with what to do.
func Find(program, searched string) error {
	_, err := find(program, searched)
	return err
}

// find gives the file of a command's program, as the worker finds it in the plugin's folder, which is the current one,
// or on the PATH of this process, which searched tells. Errors: Invalid, with what to do.
func find(program, searched string) (string, error) {
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrDot):
		return "", sb.Errorf(sb.Invalid, "The operator's program %q lies in the plugin's folder only, which is not searched: write ./%s in the plugin's command.", program, program)
	case !strings.Contains(program, "/"):
		return "", sb.Errorf(sb.Invalid, "The operator's program %q was not found on the worker's PATH (%s). Install it there, or name another in the plugin's command.", program, searched)
	case errors.Is(err, fs.ErrNotExist):
		return "", sb.Errorf(sb.Invalid, "The operator's program %q was not found%s. Name one that is there in the plugin's command.", program, where(program))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EISDIR):
		return "", sb.Errorf(sb.Invalid, "The operator's program %q may not be executed: it is a folder or has no execute bit. Set the bit (chmod +x) before the plugin is packed, "+
			"or put its interpreter before it in the plugin's command, such as sh.", program)
	}
	return "", sb.Errorf(sb.Invalid, "The operator's program %q cannot be executed: %v.", program, errors.Unwrap(err))
}

// others are the files of a program that come later on the PATH. As a shell does, they are tried when the first may not
// be executed: the operators' account may reach less than the worker's.
func others(program, first, searched string) (paths []string) {
	if strings.Contains(program, "/") {
		return nil
	}
	for _, dir := range filepath.SplitList(searched) {
		path, err := exec.LookPath(filepath.Join(dir, program))
		if err == nil && path != first && filepath.IsAbs(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func through(interpreter string) string {
	if interpreter == "" {
		return ""
	}
	return ", or not its interpreter " + interpreter
}

func where(program string) string {
	if filepath.IsAbs(program) {
		return " on the worker"
	}
	return " in the plugin's folder"
}

// notStarted tells why a program that was found does not start. What lies in the program is Invalid; the rest is the
// worker's matter.
func notStarted(program, path string, err error) error {
	interpreter := interpreterOf(path)
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return sb.Errorf(sb.Invalid, "The operator's program %q has a format that the worker cannot execute. A script begins with a line such as #!/bin/sh.", program)
	case errors.Is(err, syscall.ENOENT) && strings.HasSuffix(interpreter, "\r"):
		return sb.Errorf(sb.Invalid, "The operator's program %q has the line ends of Windows, so that its interpreter is not found. Save it with those of Unix.", program)
	case errors.Is(err, syscall.ENOENT) && interpreter != "":
		return sb.Errorf(sb.Invalid, "The operator's program %q wants the interpreter %q, which is not on the worker. Install it there, or change the program's first line.", program, interpreter)
	case errors.Is(err, syscall.ENOENT):
		return sb.Errorf(sb.Invalid, "The operator's program %q was built for another system: its loader is not on the worker.", program)
	case errors.Is(err, syscall.EACCES):
		return sb.Errorf(sb.Invalid, "The operator's program %q was found as %s, but the account of the operators may not execute it%s.", program, path, through(interpreter))
	case errors.Is(err, syscall.E2BIG):
		return sb.Errorf(sb.Invalid, "The command of the operator and its environment are too long for the worker's system.")
	}
	return sb.Wrap(err, sb.Internal, "the worker could not start program %q: %v", program, err)
}

// interpreterOf is the interpreter that a script's first line names, or "".
func interpreterOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 256)
	n, _ := f.Read(head)
	line, script := bytes.CutPrefix(head[:n], []byte("#!"))
	if !script {
		return ""
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	name, _, _ := strings.Cut(strings.TrimLeft(string(line), " \t"), " ")
	return name
}
