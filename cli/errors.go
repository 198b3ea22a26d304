package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	sb "signalbox"
)

// The exit codes.
const (
	exitFailed  = 1   // the run that was followed failed, or something else went wrong
	exitUsage   = 2   // the command or its input is wrong: the server, if asked, refused it
	exitServer  = 3   // the server cannot be reached, or does not let us
	exitStopped = 130 // interrupted
)

// exit is an error that has been told already; only its code is left.
type exit int

// Error says what is left to say.
func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usage is an error in the command itself, with the command whose help is meant.
type usage struct {
	fault *sb.Error
	path  string
}

// Error says what is wrong.
func (u usage) Error() string { return u.fault.Error() }

// Unwrap gives the error with its code.
func (u usage) Unwrap() error { return u.fault }

func misuse(cmd *cobra.Command, format string, args ...any) error {
	return usage{sb.Errorf(sb.Invalid, format, args...), cmd.CommandPath()}
}

// flagTakes says what a flag of a type takes.
var flagTakes = map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time such as 90s or 12h"}

// badFlag tells of a flag that does not exist or does not take its value, in our words.
func badFlag(cmd *cobra.Command, err error) error {
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		if takes := flagTakes[bad.GetFlag().Value.Type()]; takes != "" {
			return misuse(cmd, "--%s takes %s, not %q", bad.GetFlag().Name, takes, bad.GetValue())
		}
	}
	return misuse(cmd, "%s", err)
}

// noSuchVerb refuses words behind a command that only has commands below it.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return misuse(cmd, "%s", text)
}

// needs demands one argument for each name; those in brackets may be left out.
func needs(names ...string) cobra.PositionalArgs {
	least := 0
	for _, n := range names {
		if !strings.HasPrefix(n, "[") {
			least++
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return misuse(cmd, "%s is missing", names[len(args)])
		case len(args) > len(names):
			return misuse(cmd, "%q is one argument too many", args[len(names)])
		default:
			return nil
		}
	}
}

// Report tells an error of a command to people and gives the exit code: 0 without an error; 1 the run failed; 2 the
// command or its input is wrong; 3 the server cannot be reached or does not let us; 130 interrupted.
func Report(stderr io.Writer, err error) int {
	var done exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &done):
		return int(done)
	case errors.Is(err, context.Canceled):
		return exitStopped
	}
	_, _ = io.WriteString(stderr, explain(err))
	return codeOf(err)
}

func codeOf(err error) int {
	var e *sb.Error
	if !errors.As(err, &e) {
		return exitFailed
	}
	switch e.Code {
	case sb.Unavailable, sb.Unauthenticated, sb.Forbidden, sb.RateLimited, sb.Internal:
		return exitServer
	default:
		return exitUsage
	}
}

// explain says what is wrong, every fault on a line of its own, and what to do about it.
func explain(err error) string {
	var text strings.Builder
	var e *sb.Error
	if !errors.As(err, &e) {
		return "Error: " + printable(err.Error()) + "\n"
	}
	fmt.Fprintf(&text, "Error: %s\n", printable(sentence(e.Message)))
	for _, f := range e.Faults {
		where := strings.TrimPrefix(strings.TrimPrefix(f.Location, "body."), "query.")
		if where != "" {
			where += ": "
		}
		fmt.Fprintf(&text, "  - %s%s\n", printable(where), printable(f.Message))
	}
	if advice := advise(err, e); advice != "" {
		text.WriteString(advice + "\n")
	}
	return text.String()
}

// sentence ends a message that does not end by itself.
func sentence(s string) string {
	if s = strings.TrimSpace(s); strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// wantsText tells whether a param was read as JSON where text was wanted.
func wantsText(f sb.Fault) bool {
	return strings.HasPrefix(f.Location, "body.params") && strings.HasSuffix(f.Message, "want string")
}

func advise(err error, e *sb.Error) string {
	var bad usage
	var dial *net.OpError
	switch {
	case errors.As(err, &bad):
		return "See `" + bad.path + " --help`."
	case e.Code == sb.Unavailable && errors.As(err, &dial) && dial.Op == "dial":
		return "Is signalbox running? Start it with `signalbox dev`, or say where it is with --url or SIGNALBOX_URL."
	case e.Code == sb.Unauthenticated:
		return "Give an API key with --key-file or SIGNALBOX_API_KEY; the first admin's lies in admin.key of the server's data folder."
	case slices.ContainsFunc(e.Faults, wantsText):
		return "Text that reads as JSON, such as 5 or true, is given in double quotes: --param 'name=\"5\"'."
	case e.Code == sb.Invalid && e.Cause != nil:
		return "  " + printable(e.Cause.Error())
	default:
		return ""
	}
}
