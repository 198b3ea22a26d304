package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

const (
	reportFirst = 100 * time.Millisecond
	reportMost  = 5 * time.Second
	reportFor   = time.Minute // without an answer of the server
)

// reporter tells the server what the work says about itself. Its calls are opened by the token of the attempt that
// the operator was started with.
type reporter struct {
	Env
	api        *client.Work
	run, token string
}

func reportCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "report", Short: "For shell scripts that are operators: progress, result, failure", Args: noSuchVerb, RunE: help,
		Long: "Tells Signalbox how the work goes, from inside a running operator, whose environment says where and for which\n" +
			"run (SIGNALBOX_URL, SIGNALBOX_TOKEN, SIGNALBOX_RUN_ID). That the run is over already is no error of the work.",
	}
	cmd.AddCommand(reportProgress(env), reportResult(env), reportFailure(env), reportLogPath(env))
	return cmd
}

// report makes a verb of an operator. Arguments are checked before the environment is.
func report(env Env, use, short string, args cobra.PositionalArgs, run func(*cobra.Command, reporter, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		r := reporter{Env: env, run: env.Getenv("SIGNALBOX_RUN_ID"), token: env.Getenv("SIGNALBOX_TOKEN")}
		url := env.Getenv("SIGNALBOX_URL")
		if r.run == "" || r.token == "" || url == "" {
			return sb.Errorf(sb.Invalid, "this is for running operators, which have SIGNALBOX_URL, SIGNALBOX_RUN_ID and SIGNALBOX_TOKEN in their environment")
		}
		var err error
		if r.api, err = client.NewWork(client.Options{URL: url, HTTP: env.HTTP, UserAgent: env.agent()}); err != nil {
			return err
		}
		return run(cmd, r, args)
	}}
}

// settle judges a report's error: that the run is over, or the report came twice, must not fail the work.
func (r reporter) settle(err error) error {
	switch sb.CodeOf(err) {
	case sb.RunOver, sb.Conflict:
		a := app{Env: r.Env}
		return a.done(nil, "Not taken: %s", err)
	default:
		return err
	}
}

// insist repeats a report that got no answer, for a minute: a restart of the server must not lose a result.
func (r reporter) insist(ctx context.Context, send func() error) error {
	ctx, end := context.WithTimeout(ctx, reportFor)
	defer end()
	for wait := reportFirst; ; wait = min(2*wait, reportMost) {
		err := send()
		if code := sb.CodeOf(err); code != sb.Unavailable && code != sb.RateLimited {
			return r.settle(err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func reportProgress(env Env) *cobra.Command {
	cmd := report(env, "progress FRACTION [LABEL]", "Say how far the work is: 0 to 1, or - for unknown, and in words",
		needs("FRACTION", "[LABEL]"), func(cmd *cobra.Command, r reporter, args []string) error {
			fraction, err := fractionOf(cmd, args[0])
			if err != nil {
				return err
			}
			p := sb.ProgressRequest{Fraction: fraction, Label: strings.Join(args[1:], " ")}
			err = r.settle(r.api.Progress(cmd.Context(), r.run, r.token, p))
			if sb.CodeOf(err) == sb.Unavailable || sb.CodeOf(err) == sb.RateLimited {
				a := app{Env: env}
				return a.done(nil, "Progress not told: %s", err) // the next one will be
			}
			return err
		})
	return cmd
}

func fractionOf(cmd *cobra.Command, text string) (*float64, error) {
	if text == "-" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return nil, misuse(cmd, "a fraction is a number from 0 to 1, or - for unknown, not %q", text)
	}
	return &f, nil
}

func reportResult(env Env) *cobra.Command {
	return report(env, "result JSON|@FILE|-", "Give the result: JSON, a file that holds it, or - for standard input", needs("JSON|@FILE|-"),
		func(cmd *cobra.Command, r reporter, args []string) error {
			result, err := document(cmd, env.Stdin, "the result", args[0])
			if err != nil {
				return err
			}
			if len(result) > sb.MaxResult {
				return sb.Errorf(sb.TooLarge, "the result has %d bytes; at most %d are kept", len(result), sb.MaxResult)
			}
			return r.insist(cmd.Context(), func() error {
				return r.api.Complete(cmd.Context(), r.run, r.token, sb.CompleteRequest{Result: result})
			})
		})
}

func reportFailure(env Env) *cobra.Command {
	var stack string
	cmd := report(env, "failure MESSAGE", "Say that the work failed, and why", needs("MESSAGE"), func(cmd *cobra.Command, r reporter, args []string) error {
		f := sb.FailRequest{Message: args[0], Stack: stack}
		if stack == "-" || strings.HasPrefix(stack, "@") {
			text, err := source(env.Stdin, stack)
			if err != nil {
				return err
			}
			f.Stack = string(text)
		}
		return r.insist(cmd.Context(), func() error { return r.api.Fail(cmd.Context(), r.run, r.token, f) })
	})
	cmd.Flags().StringVar(&stack, "stack", "", "what led there: text, @FILE, or - for standard input")
	return cmd
}

func reportLogPath(env Env) *cobra.Command {
	return report(env, "log-path URI", "Say where the log is or will be", needs("URI"), func(cmd *cobra.Command, r reporter, args []string) error {
		return r.insist(cmd.Context(), func() error {
			return r.api.LogPath(cmd.Context(), r.run, r.token, sb.LogPathRequest{URI: args[0]})
		})
	})
}
