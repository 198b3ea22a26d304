package executors

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	sb "signalbox"
)

// prepare fetches the plugin and makes all that the job needs. Errors that repeating cannot help have a code.
func (a *attempt) prepare(ctx context.Context) (sb.Executor, sb.Job, error) {
	command, err := a.command()
	if err != nil {
		return nil, sb.Job{}, err
	}
	executor := a.Executors[command.Executor]
	if executor == nil {
		return nil, sb.Job{}, sb.Errorf(sb.Invalid, "this worker has no executor %q", command.Executor)
	}
	if err := a.makeRoom(); err != nil {
		return nil, sb.Job{}, sb.Wrap(err, sb.Internal, "the worker could not make the work folder")
	}
	if command.Executor == "" {
		if err := a.fetch(ctx); err != nil {
			return nil, sb.Job{}, err
		}
	}
	var forks []string
	dir := a.plugin
	if a.Command == nil {
		python, release, err := a.pythonFor(ctx, a.plugin)
		a.release = release
		if err != nil {
			return nil, sb.Job{}, err
		}
		command.Argv, forks, dir = inFiftyOne(python, "run", a.plugin), ForksOf(python), "/"
	}
	return executor, sb.Job{
		Process: a.process, Operator: a.Operator, EndToken: a.EndToken, Command: command.Argv, Forks: forks, Params: a.Params,
		Dir: dir, Env: a.env(), Report: reporter{a},
	}, nil
}

// command says how the operator runs: as its manifest says, else in the FiftyOne of this worker.
func (a *attempt) command() (sb.ClaimCommand, error) {
	switch {
	case a.Command == nil && a.Python == "":
		return sb.ClaimCommand{}, sb.Errorf(sb.Invalid,
			"operator %s has no command of its own and needs FiftyOne, which this worker does not have: set SIGNALBOX_PYTHON there to a Python that has it", a.Operator)
	case a.Command == nil:
		return sb.ClaimCommand{}, nil // its Python is known when the plugin is there
	case len(a.Command.Argv) == 0:
		return sb.ClaimCommand{}, sb.Errorf(sb.Invalid, "operator %s has an empty command", a.Operator)
	}
	return *a.Command, nil
}

// pythonFor gives the Python that runs operators of a plugin's folder, until release is called.
func (r *Runner) pythonFor(ctx context.Context, folder string) (python string, release func(), err error) {
	if r.Plugins == nil {
		return r.Python, func() {}, nil
	}
	return r.Plugins.Use(ctx, folder)
}

// inFiftyOne is a command of the FiftyOne runtime for a plugin's folder. It is not started there: Python would take its
// own modules from that folder.
func inFiftyOne(python, verb, folder string) []string {
	return []string{python, "-m", "signalbox.fiftyone", verb, "--folder", folder}
}

// ForksOf is the command that imports FiftyOne once and forks a process for each operator; nil without a Python.
func ForksOf(python string) []string {
	if python == "" {
		return nil
	}
	return []string{python, "-m", "signalbox.fiftyone", "serve"}
}

// fetch gets the plugin's folder from the cache, or from the control plane.
func (a *attempt) fetch(ctx context.Context) (err error) {
	var failures spell
	a.plugin, err = a.cache.folder(ctx, a.Plugin, func(ctx context.Context, f *os.File) error {
		err := a.API.Plugin(ctx, a.process.Run, a.Token, f)
		if err != nil && !refused(err) && failures.over(a.now(), a.lastHeard()) {
			return sb.Wrap(err, sb.Invalid, "the archive of plugin %s could not be fetched for %s: %s", a.Plugin.Name, fetchFor, message(err))
		}
		return err
	})
	return err
}

// makeRoom makes the attempt's own folder with what the operator reads.
func (a *attempt) makeRoom() (err error) {
	a.room, err = a.newRoom(a.worker, fmt.Sprintf("%s-%d", a.process.Run, a.process.Attempt), operatorContext{
		Operator: a.Operator, Params: orNull(a.Params, "{}"), Dataset: a.Dataset, View: orNull(a.View, "null"),
		Run: a.process.Run, Attempt: a.process.Attempt, FiftyOne: fiftyOneOf(a.FiftyOne), Tell: a.Tell,
	})
	return err
}

// operatorContext is the file that SIGNALBOX_CONTEXT names; its fields are a promise to operators.
type operatorContext struct {
	Operator string           `json:"operator"`
	Params   json.RawMessage  `json:"params"`
	Dataset  *sb.ClaimDataset `json:"dataset"`
	View     json.RawMessage  `json:"view"`
	Run      string           `json:"run,omitempty"` // empty for a form
	Attempt  int              `json:"attempt,omitempty"`
	FiftyOne *fiftyOne        `json:"fiftyone,omitempty"`
	Tell     bool             `json:"tell_environment,omitempty"`
}

// fiftyOne is what the FiftyOne runtime reads besides; the database's address is in the environment.
type fiftyOne struct {
	DatasetID   string          `json:"dataset_id,omitempty"`
	DatasetName string          `json:"dataset_name,omitempty"`
	Request     json.RawMessage `json:"request,omitempty"`
	Pipeline    json.RawMessage `json:"pipeline,omitempty"`
}

func fiftyOneOf(c *sb.ClaimFiftyOne) *fiftyOne {
	if c == nil {
		return nil
	}
	return &fiftyOne{c.DatasetID, c.DatasetName, c.Request, c.Pipeline}
}

func orNull(v json.RawMessage, otherwise string) json.RawMessage {
	if len(v) == 0 {
		return json.RawMessage(otherwise)
	}
	return v
}

// env is all of the operator's environment.
func (a *attempt) env() []string {
	vars := a.environment(a.room, a.Secrets, a.FiftyOne)
	vars["SIGNALBOX_URL"] = a.URL
	vars["SIGNALBOX_RUN_ID"] = a.process.Run
	vars["SIGNALBOX_ATTEMPT"] = strconv.Itoa(a.process.Attempt)
	vars["SIGNALBOX_TOKEN"] = a.Token
	return listed(vars)
}

// PassEnv picks the variables of an environment that operators may get.
func PassEnv(environ, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return !slices.Contains(names, name)
	})
}
