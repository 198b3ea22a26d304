// Package cli is the command line of Signalbox for those who use a server: cobra verbs over the REST client, with
// tables for people and the API's own JSON for programs. It reads no environment and no terminal but those of its
// Env, so that a test or another program can run a verb as a value. Results go to Env.Stdout; what tells of progress,
// logs that are followed, hints and errors go to Env.Stderr.
package cli

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// DefaultURL is where a server listens unless it was told otherwise.
const DefaultURL = "http://127.0.0.1:8265"

// Env is the world of a command.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	DataDir        string // the default data folder, where the first admin's key lies
	Version        string // of this program, for the server's log
	// Builtin gives the ZIP of a plugin that comes with the program, and the names of all of them. Nil: there is none.
	Builtin func(name string) (archive []byte, names []string)
	App     fs.FS // Signalbox's plugin for FiftyOne's App. Nil: there is none.
	// Try tries a plugin in the FiftyOne of a Python; "" is that of the settings. Nil: it cannot.
	Try  func(ctx context.Context, python string, archive io.Reader) (sb.Trial, error)
	HTTP *http.Client     // nil: the client's own
	Now  func() time.Time // nil: the clock
	// Terminal tells the width of the terminal that w writes to, 0 if it is none. Nil: asks the system.
	Terminal func(w io.Writer) int
}

// Command gives the verbs for users of a server, below a root that more verbs can be added to. Errors of its execution
// go to Report.
func Command(env Env) *cobra.Command {
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.Terminal == nil {
		env.Terminal = terminalWidth
	}
	root := &cobra.Command{
		Use: "signalbox", Short: "Runs FiftyOne's delegated operations on the orchestrator you already have",
		SilenceErrors: true, SilenceUsage: true, Args: noSuchVerb, RunE: help,
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(badFlag)
	for _, noun := range []func(Env) *cobra.Command{
		runsCommand, pluginsCommand, operatorsCommand, datasetsCommand, orchestratorsCommand, sourcesCommand, usersCommand, groupsCommand, invitationsCommand, accountsCommand, meCommand, loginCommand, logoutCommand, profilesCommand, secretsCommand, settingsCommand, sessionsCommand, accessCommand, auditCommand, doctorCommand,
	} {
		root.AddCommand(noun(env))
	}
	root.AddCommand(reportCommand(env))
	return root
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }
