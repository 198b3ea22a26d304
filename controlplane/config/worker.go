package config

import (
	"regexp"
	"time"

	sb "signalbox"
)

// Worker is how builtin runs are executed.
type Worker struct {
	Concurrency         int           `envconfig:"SIGNALBOX_WORKER_CONCURRENCY" default:"8" desc:"Most runs that one worker executes at once."`
	Drain               time.Duration `envconfig:"SIGNALBOX_WORKER_DRAIN" default:"10m" desc:"How long running work may go on after the worker is told to stop."`
	Pool                string        `envconfig:"SIGNALBOX_POOL" default:"default" desc:"The pool the worker takes runs of."`
	OrchestratorKeyFile string        `envconfig:"SIGNALBOX_ORCHESTRATOR_KEY_FILE" shown:"in dev made by itself" desc:"File with the orchestrator key of the worker."`
	Name                string        `envconfig:"SIGNALBOX_WORKER_NAME" shown:"host/pool" desc:"Name of the worker; the same after each start, and one process at a time."`
	Env                 Words         `envconfig:"SIGNALBOX_WORKER_ENV" default:"PATH HOME LANG TMPDIR" empty:"nothing" desc:"What operators see of the worker's own environment. Set but empty: nothing."`
	Memory              Bytes         `envconfig:"SIGNALBOX_WORKER_MEMORY" shown:"no bound" desc:"Most memory of one run, such as 2GiB; what wants more is killed. It needs control groups that the worker may make; where it may not, signalbox doctor and the list of workers say so."`
	User                string        `envconfig:"SIGNALBOX_WORKER_USER" shown:"the worker's" desc:"Account, by name or number, that operators run under. It needs a worker that may change accounts."`
	Python              string        `envconfig:"SIGNALBOX_PYTHON" shown:"none" desc:"A Python that has FiftyOne, such as /opt/fiftyone/bin/python: it runs the operators that have no command of their own."`
	UV                  string        `envconfig:"SIGNALBOX_UV" shown:"none" desc:"The program uv, such as /opt/uv/bin/uv: with it, a plugin with a requirements.txt gets a Python of its own, which has those packages besides what SIGNALBOX_PYTHON has. Packages come from where uv's own settings say (UV_DEFAULT_INDEX, uv.toml)."`
	UVSpace             Bytes         `envconfig:"SIGNALBOX_UV_SPACE" default:"20GiB" desc:"What all plugins' packages may take on this machine; those that were not used for longest are removed."`
	Dir                 string        `envconfig:"SIGNALBOX_WORKER_DIR" shown:"a folder in the data folder" desc:"Folder for unpacked plugins, work folders and output not sent yet."`
}

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// leastMemory is below what any interpreter needs to start.
const leastMemory = 16 << 20

func (w *Worker) validate() []sb.Fault {
	faults := fault(w.Concurrency >= 1 && w.Concurrency <= 1000, "SIGNALBOX_WORKER_CONCURRENCY", "must lie between 1 and 1000", w.Concurrency)
	faults = append(faults, fault(w.Drain >= 0, "SIGNALBOX_WORKER_DRAIN", "must not be negative", w.Drain.String())...)
	faults = append(faults, fault(poolName.MatchString(w.Pool), "SIGNALBOX_POOL", "must be 1 to 40 of a-z, 0-9 and -", w.Pool)...)
	faults = append(faults, fault(w.Memory == 0 || w.Memory >= leastMemory, "SIGNALBOX_WORKER_MEMORY", "must be 16MiB at least", int64(w.Memory))...)
	faults = append(faults, fault(w.UV == "" || w.Python != "", "SIGNALBOX_UV", "needs SIGNALBOX_PYTHON", w.UV)...)
	return append(faults, fault(w.Name == "" || sb.CheckName(w.Name) == "", "SIGNALBOX_WORKER_NAME", "must be 1 to 200 characters, none of which controls or turns the text", nil)...)
}
