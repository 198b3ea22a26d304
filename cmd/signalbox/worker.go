package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	sb "signalbox"
	"signalbox/client"
	"signalbox/controlplane/config"
	"signalbox/executors"
	"signalbox/executors/dummy"
	"signalbox/executors/process"
	python "signalbox/sdk/python"
	"signalbox/workflows"
)

// orchestrator is the name of the builtin orchestrator, whose pools workers serve.
const orchestrator = "builtin"

func workerCommand() *cobra.Command {
	return verb("worker", "Execute builtin runs of one pool",
		"Executes builtin runs of the pool SIGNALBOX_POOL. It reaches Temporal (SIGNALBOX_TEMPORAL_ADDRESS) and the API\n"+
			"(SIGNALBOX_PUBLIC_URL) with the orchestrator key in SIGNALBOX_ORCHESTRATOR_KEY_FILE; never the database.",
		traced(func(ctx context.Context, c config.Config) error {
			if c.Temporal.Address == "" || c.Worker.OrchestratorKeyFile == "" || c.Server.PublicURL == "" {
				return sb.Errorf(sb.Invalid, "a worker needs SIGNALBOX_TEMPORAL_ADDRESS, SIGNALBOX_PUBLIC_URL and SIGNALBOX_ORCHESTRATOR_KEY_FILE")
			}
			log := newLog(c)
			log.WithField("pool", c.Worker.Pool).Info("signalbox works")
			return telling(ctx, log, waits(c), func() error { return work(ctx, c, c.Server.PublicURL, log) })
		}))
}

// waits says how long running work may go on, for the log.
func waits(c config.Config) string {
	return "running work may go on for " + c.Worker.Drain.String() + ", a second signal ends it at once"
}

// work serves a pool until ctx is done and what runs has ended.
func work(ctx context.Context, c config.Config, url string, log *logrus.Logger) error {
	// Other processes of this account, such as operators, must not read the key from our memory.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		log.WithError(err).Warn("this process cannot be made undumpable")
	}
	runner, err := newRunner(ctx, c, url, log)
	if err != nil {
		return err
	}
	temporal, err := workflows.Dial(temporalOptions(ctx, c, log))
	if err != nil {
		return err
	}
	defer temporal.Close()
	worker := executors.NewWorker(runner, executors.WorkerSettings{
		Name: workerName(c), Pool: c.Worker.Pool, Version: version, Concurrency: c.Worker.Concurrency, Drain: drain(c),
	})
	pool, err := workflows.Pool(temporal, orchestrator, c.Worker.Pool, c.Worker.Concurrency, worker)
	if err != nil {
		return err
	}
	hurry := begin(ctx, func(done context.Context) error {
		select {
		case <-hurried(ctx):
			worker.Hurry()
		case <-done.Done():
		}
		return nil
	})
	err = run(ctx, []part{{"worker", worker.Run}, {"pool", pool.Run}}, log)
	_ = hurry.stop()
	return err
}

// newRunner makes what carries out attempts: the API as they see it, and the ways to execute.
func newRunner(ctx context.Context, c config.Config, url string, log *logrus.Logger) (*executors.Runner, error) {
	key, err := openKey(c.Worker.OrchestratorKeyFile)
	if err != nil {
		return nil, err
	}
	api, err := client.NewWork(client.Options{URL: url, KeyFrom: key, UserAgent: "signalbox-worker/" + version, Around: tracesOf(ctx).around})
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the path of this program is not known")
	}
	if err := os.MkdirAll(c.Worker.Dir, 0o700); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the worker's folder %s cannot be made", c.Worker.Dir)
	}
	account, err := openAccount(c)
	if err != nil {
		return nil, err
	}
	packages, err := python.Write(filepath.Join(c.Worker.Dir, "python"))
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the Python package cannot be written to %s", c.Worker.Dir)
	}
	settings := executors.Settings{
		API: api, Folder: c.Worker.Dir, URL: url, Env: executors.PassEnv(os.Environ(), c.Worker.Env),
		Python: c.Worker.Python, PythonPath: packages, BinPath: filepath.Dir(self), Fence: c.Limits.Fence, Log: log,
	}
	if account != nil {
		settings.Owner = &executors.Owner{UID: int(account.UID), GID: int(account.GID)}
		settings.Env = append(settings.Env, "HOME="+account.Home)
	}
	if c.Worker.UV != "" {
		settings.Plugins = newEnvironments(ctx, c, c.Worker.Python, filepath.Join(c.Worker.Dir, "environments"))
	}
	processes, warnings, err := newProcesses(c, self, account, settings.Env, packages, log)
	if err != nil {
		return nil, err
	}
	settings.Warnings = append(warnings, checkPython(ctx, c.Worker.Python)...)
	settings.Executors = map[string]sb.Executor{"": processes, "dummy": dummy.Executor{}}
	return executors.NewRunner(settings), nil
}

// checkPython says what is wrong with the Python that runs operators in FiftyOne.
func checkPython(ctx context.Context, python string) []string {
	if python == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pythonTime)
	defer cancel()
	err := exec.CommandContext(ctx, python, "-I", "-c", "from importlib.metadata import version; version('fiftyone')").Run()
	if err == nil {
		return nil
	}
	return []string{"SIGNALBOX_PYTHON (" + python + ") cannot be started or has no package fiftyone, so operators without a command of their own fail on this worker"}
}

// pythonTime bounds the question whether a Python has FiftyOne.
const pythonTime = 20 * time.Second

// newProcesses makes the executor of processes, within the bounds of the settings; and says what cannot be as they ask.
func newProcesses(c config.Config, self string, account *process.Account, env []string, packages string, log *logrus.Logger) (*process.Executor, []string, error) {
	shim := executors.PassEnv(os.Environ(), []string{"SSL_CERT_FILE", "SSL_CERT_DIR"}) // also a forked one tells of the end
	processes, err := process.New(process.Options{
		Shim: []string{self, shimVerb}, Env: shim, ForksLog: log.WriterLevel(logrus.WarnLevel),
		ForksEnv: slices.Concat(env, shim, []string{"PYTHONPATH=" + executors.PythonPath(packages, env), "PYTHONUNBUFFERED=1"}),
		Account:  account, Folder: c.Worker.Dir, Memory: int64(c.Worker.Memory), Worker: workerName(c),
	})
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	if err := processes.Bound(); err != nil {
		log.WithError(err).Warn(unbounded)
		warnings = []string{unbounded}
	}
	go warm(processes, c.Worker.Python, log)
	return processes, warnings, nil
}

// warm imports what operators need before the first of them is there.
func warm(processes *process.Executor, python string, log *logrus.Logger) {
	if python == "" {
		return
	}
	if err := processes.Warm(executors.ForksOf(python)); err != nil {
		log.WithError(err).Warn("operators cannot be forked from a process that has imported FiftyOne, so each of them imports it")
	}
}

// unbounded is what operators must know where control groups cannot be made.
const unbounded = "SIGNALBOX_WORKER_MEMORY has no effect: this worker may not make control groups here, so the memory of its runs is NOT bounded"

// openAccount finds the account that operators run under, and lets it pass through the worker's folder; nil for that of
// the worker.
func openAccount(c config.Config) (*process.Account, error) {
	if c.Worker.User == "" {
		return nil, nil //nolint:nilnil // there is no other
	}
	account, err := process.LookUp(c.Worker.User)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "SIGNALBOX_WORKER_USER: %v", err)
	}
	if account == nil {
		return nil, nil //nolint:nilnil // there is no other
	}
	unix.Umask(0o022) // unpacked plugins are for that account too
	if err := os.Chmod(c.Worker.Dir, 0o711); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the worker's folder %s cannot be opened to account %s", c.Worker.Dir, account.Name)
	}
	return account, nil
}

// openKey gives what reads the orchestrator key at each use, so that a new one needs no restart. While the file cannot
// be read the last key stays. Errors: Invalid (it cannot be read now).
func openKey(file string) (func() string, error) {
	var last atomic.Pointer[string]
	read := func() error {
		b, err := os.ReadFile(file)
		if err != nil {
			return sb.Wrap(err, sb.Invalid, "the orchestrator key cannot be read from %s", file)
		}
		key := string(bytes.TrimSpace(b))
		last.Store(&key)
		return nil
	}
	return func() string {
		_ = read()
		return *last.Load()
	}, read()
}

// workerName is the worker's name: the setting, else host/pool. It is the same after each start.
func workerName(c config.Config) string {
	if c.Worker.Name != "" {
		return c.Worker.Name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return host + "/" + c.Worker.Pool
}

// drain is how long running work may go on; the settings' 0 is no time at all.
func drain(c config.Config) time.Duration {
	if c.Worker.Drain == 0 {
		return -1
	}
	return c.Worker.Drain
}
