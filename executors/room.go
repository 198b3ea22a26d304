package executors

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	sb "signalbox"
)

// room is the folder of one operator's process: fresh, for its account alone, under a name that was not there before and
// cannot be guessed. Who makes it removes it.
type room struct{ dir string }

func (r room) workDir() string     { return filepath.Join(r.dir, "work") }
func (r room) contextFile() string { return filepath.Join(r.workDir(), "context.json") }
func (r room) resultFile() string  { return filepath.Join(r.workDir(), "result.json") }

// newRoom makes a room of a worker with what the operator reads. After an error there may be a part of it.
func (r *Runner) newRoom(worker, name string, c operatorContext) (room, error) {
	runs := r.runs(worker)
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return room{}, err
	}
	made := room{filepath.Join(runs, sb.SafeElement(name)+"-"+rand.Text())}
	for _, dir := range []string{made.dir, made.workDir()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return made, err
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return made, err
	}
	if err := os.WriteFile(made.contextFile(), b, 0o600); err != nil {
		return made, err
	}
	return made, r.handOver(made)
}

// handOver gives a room to the operators' account, which may pass through the folders above but not list them.
func (r *Runner) handOver(made room) error {
	if r.Owner == nil {
		return nil
	}
	for dir := made.dir; len(dir) > len(r.Folder); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			return err
		}
	}
	for _, path := range []string{made.workDir(), made.contextFile()} {
		if err := os.Lchown(path, r.Owner.UID, r.Owner.GID); err != nil {
			return err
		}
	}
	return nil
}

// environment is that of every operator's process. What is ours wins over secrets, and these over the worker's.
func (r *Runner) environment(in room, secrets map[string]string, source *sb.ClaimFiftyOne) map[string]string {
	vars := map[string]string{}
	for _, e := range r.Env {
		if name, value, ok := strings.Cut(e, "="); ok {
			vars[name] = value
		}
	}
	for name, value := range secrets {
		vars[name] = value
	}
	if source != nil && source.DatabaseURI != "" {
		vars["FIFTYONE_DATABASE_URI"], vars["FIFTYONE_DATABASE_NAME"] = source.DatabaseURI, source.DatabaseName
	}
	vars["PATH"] = joinPath(vars["PATH"], r.BinPath)
	vars["PYTHONPATH"] = joinPath(r.PythonPath, vars["PYTHONPATH"])
	vars["PYTHONUNBUFFERED"] = "1"
	vars["SIGNALBOX_CONTEXT"] = in.contextFile()
	vars["SIGNALBOX_RESULT"] = in.resultFile()
	return vars
}

// listed writes an environment as a process gets it.
func listed(vars map[string]string) (env []string) {
	for name, value := range vars {
		if value != "" || !strings.HasSuffix(name, "PATH") {
			env = append(env, name+"="+value)
		}
	}
	slices.Sort(env)
	return env
}

// PythonPath is where a Python finds a folder of ours, and then what an environment says.
func PythonPath(folder string, env []string) string {
	own := folder
	for _, e := range env {
		if path, is := strings.CutPrefix(e, "PYTHONPATH="); is {
			own = joinPath(folder, path)
		}
	}
	return own
}

func joinPath(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	return strings.Join(parts, string(filepath.ListSeparator))
}
