// Package trial tries a plugin where its operators would run: what of it can be loaded, and what would not work.
package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	sb "signalbox"
	"signalbox/executors/process"
)

// within bounds what a plugin does while it is loaded and its inputs are resolved.
const within = 5 * time.Minute

// Place is where plugins are tried.
type Place struct {
	Python     string   // that has FiftyOne; "" for none
	PythonPath string   // the folder of the Python package
	Env        []string // what the process gets besides
	Path       string   // on which the programs of commands are searched
}

// Try tries the plugin that is unpacked in a folder. It runs code of the plugin. Errors: Invalid (the Python does not
// start, or has no FiftyOne), Internal.
func (p Place) Try(ctx context.Context, m sb.Manifest, folder string) (sb.Trial, error) {
	t := sb.Trial{Plugin: m.Name, Version: m.Version, Operators: []sb.TriedOperator{}, Remarks: []sb.Remark{}}
	var loaded told
	if inFiftyOne := len(m.Operators) > len(m.Commands); inFiftyOne && p.Python != "" {
		var err error
		if loaded, err = p.load(ctx, folder); err != nil {
			return t, err
		}
		t.Program, t.FiftyOne, t.Python = p.Python, loaded.FiftyOne, loaded.Offer.Python
	}
	for _, name := range m.Operators {
		found := p.operator(m, name, folder, loaded)
		works := !slices.ContainsFunc(found, func(f sb.Remark) bool { return f.Problem })
		t.Operators = append(t.Operators, sb.TriedOperator{Name: name, Runtime: runtime(m, name), Works: works})
		t.Remarks = append(t.Remarks, found...)
	}
	for _, e := range loaded.Errors {
		t.Remarks = append(t.Remarks, sb.Remark{Problem: true, Message: "Not all of the plugin could be loaded", Stack: e})
	}
	if len(m.Panels) > 0 {
		t.Remarks = append(t.Remarks, sb.Remark{Message: "Its panels are for an App, and are not shown here: " + strings.Join(m.Panels, ", ")})
	}
	return t, nil
}

func runtime(m sb.Manifest, operator string) string {
	if _, is := m.Commands[operator]; is {
		return "command"
	}
	return "fiftyone"
}

// operator judges an operator of the manifest.
func (p Place) operator(m sb.Manifest, name, folder string, loaded told) []sb.Remark {
	problem := func(text string) []sb.Remark { return []sb.Remark{{Operator: name, Problem: true, Message: text}} }
	command, is := m.Commands[name]
	switch {
	case is && command.Executor == "":
		return p.command(name, command, folder)
	case is:
		return nil
	case p.Python == "":
		return problem("It needs FiftyOne: name a Python that has it with --python or SIGNALBOX_PYTHON")
	}
	if why := loaded.WhyNot(name); why != "" {
		return problem("It is declared, but not loadable: " + why)
	}
	return slices.DeleteFunc(slices.Clone(loaded.Remarks), func(f sb.Remark) bool { return f.Operator != name })
}

// command looks for a command's program, as a shim does.
func (p Place) command(name string, c sb.Command, folder string) []sb.Remark {
	program := c.Command[0]
	if strings.Contains(program, "/") {
		program = filepath.Join(folder, program)
	}
	if err := process.Find(program, p.Path); err != nil {
		return []sb.Remark{{Operator: name, Problem: true, Message: strings.ReplaceAll(err.Error(), folder+"/", "")}}
	}
	return nil
}

// told is what the Python package tells.
type told struct {
	sb.Offer
	Remarks []sb.Remark `json:"remarks"`
}

// load asks the environment.
func (p Place) load(ctx context.Context, folder string) (t told, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Python, "-m", "signalbox.fiftyone", "test", "--folder", folder)
	cmd.Env, cmd.Dir = append(slices.Clone(p.Env), "PYTHONPATH="+p.PythonPath, "PYTHONDONTWRITEBYTECODE=1"), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // of what it has started and left
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrWaitDelay) { // it has ended, and told all
		err = nil
	}
	switch {
	case ctx.Err() != nil:
		return t, sb.Wrap(ctx.Err(), sb.Invalid, "the plugin could not be tried within %s", within)
	case errors.As(err, new(*exec.ExitError)):
		return t, sb.Wrap(err, sb.Invalid, "%s cannot try the plugin: %v: %s", p.Python, err, last(stderr.String()))
	case err != nil:
		return t, sb.Wrap(err, sb.Invalid, "%s cannot be started: %v", p.Python, err)
	}
	if err := json.Unmarshal(out, &t); err != nil {
		return t, sb.Wrap(err, sb.Internal, "what %s tells of the plugin cannot be read", p.Python)
	}
	return t, nil
}

// last are the last lines of what a process said.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
