// Command signalbox runs FiftyOne delegated operations on the orchestrator an organisation already has. One binary is
// all its processes: the control plane, workers, the shim of an operator's process, and the client.
//
// This package is wiring: the only place that knows every part.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/cli"
	"signalbox/controlplane/config"
	"signalbox/examples"
	"signalbox/executors/process"
	"signalbox/sdk/fiftyone"
)

// version is set by the linker.
var version = "dev"

func main() {
	if len(os.Args) == 2 && os.Args[1] == shimVerb { // before anything that takes time
		os.Exit(process.Shim(context.Background()))
	}
	ctx := signals()
	if err := command().ExecuteContext(ctx); err != nil {
		os.Exit(cli.Report(os.Stderr, err))
	}
}

// shimVerb is the hidden verb under which a worker starts the parent of an operator's process.
const shimVerb = "exec"

// hurryKey is the context key of the channel that the second signal closes.
type hurryKey struct{}

// signals gives a context that the first SIGINT or SIGTERM ends: the process is to end in peace. The second says that
// it must not wait for running work; a third ends the process at once.
func signals() context.Context {
	hurry := make(chan struct{})
	ctx, end := context.WithCancelCause(context.WithValue(context.Background(), hurryKey{}, hurry))
	caught := make(chan os.Signal, 3)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		end(signaled{<-caught})
		<-caught
		close(hurry)
		<-caught
		os.Exit(exitKilled)
	}()
	return ctx
}

// signaled is why the process is to end: a signal.
type signaled struct{ os.Signal }

func (s signaled) Error() string { return "a signal: " + s.String() }

// tellSignals writes a line to the process's own log when it is told to stop, and when it is told not to wait. It
// returns when done is closed.
func tellSignals(ctx context.Context, log *logrus.Logger, waits string, done <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-done:
		return
	}
	var s signaled
	if errors.As(context.Cause(ctx), &s) {
		log.WithField("signal", s.String()).Infof("stopping: no new work begins; %s", waits)
	}
	select {
	case <-hurried(ctx):
		log.Warn("stopping at once: a second signal came; what still runs is ended")
	case <-done:
	}
}

// telling runs f while the signals that come are told in the log.
func telling(ctx context.Context, log *logrus.Logger, waits string, f func() error) error {
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() { tellSignals(ctx, log, waits, done) })
	defer telling.Wait()
	defer close(done)
	return f()
}

// exitKilled is the exit code of a process that a third signal ended.
const exitKilled = 137

// hurried is closed when the process must not wait for running work.
func hurried(ctx context.Context) <-chan struct{} {
	hurry, _ := ctx.Value(hurryKey{}).(chan struct{})
	return hurry
}

// command is the whole command line: the client's verbs and those of processes.
func command() *cobra.Command {
	root := cli.Command(cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		DataDir: dataDir(), Builtin: builtin, App: fiftyone.Plugin(), Version: version, Try: tryPlugin,
	})
	root.AddCommand(
		devCommand(), serveCommand(), workerCommand(), migrateCommand(), adminKeyCommand(), keysetCommand(), temporalCommand(), versionCommand(),
	)
	root.Version = version
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { say("signalbox %s (%s)", version, runtime.Version()) },
	}
}

// load reads the settings from the environment.
func load() (config.Config, error) { return config.Load(os.LookupEnv) }

// dataDir is the data folder, for the client's look at the admin's key; "" when the settings are not valid, which the
// processes that need them say.
func dataDir() string {
	c, err := load()
	if err != nil {
		return ""
	}
	return c.Server.DataDir
}

// process makes a verb that loads the settings and runs f.
func verb(use, short, long string, f func(ctx context.Context, c config.Config) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load()
			if err != nil {
				return err
			}
			return f(cmd.Context(), c)
		},
	}
}

// writeSecret writes a secret to a file of mode 0600, whole or not at all.
func writeSecret(path, secret string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the file %s cannot be written", path)
	}
	_, err = file.WriteString(secret + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return sb.Wrap(errors.Join(err, os.Remove(file.Name())), sb.Unavailable, "the file %s cannot be written", path)
	}
	return nil
}

// say writes a line for the person who started the process.
func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// builtin gives the ZIP of a plugin that comes with the program, and the names of all.
func builtin(name string) ([]byte, []string) {
	archive, err := examples.Zip(name)
	if err != nil {
		archive = nil
	}
	return archive, examples.Names()
}
