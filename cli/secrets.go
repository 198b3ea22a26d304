package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	sb "signalbox"
	"signalbox/client"
)

func secretsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "secrets", "Values that operators get when their manifest asks for them")
	cmd.Aliases = []string{"secret"}
	cmd.AddCommand(a.secretsList(), a.secretsAdd(), a.secretsUpdate(),
		a.verb("delete KEY", "Delete a secret; work that was given it keeps it", needs("KEY"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Secrets.Delete(cmd.Context(), args[0]), "Secret %s is deleted.", args[0])
			}))
	for _, verb := range cmd.Commands() {
		if verb.Name() == "update" || verb.Name() == "delete" {
			verb.ValidArgsFunction = a.complete(secretKeys)
		}
	}
	return cmd
}

func secretKeys(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Secrets.List(ctx, client.Paging{Limit: sb.MaxLimit})
	return namesOf(p, err, func(s client.Secret) string { return s.Key })
}

func (a *app) secretsList() *cobra.Command {
	var p paging
	return p.flags(a.verb("list", "List the secrets, without their values", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, p, "There is no secret.", api.Secrets.List, []column[client.Secret]{
			{"key", func(s client.Secret) string { return printable(s.Key) }},
			{"description", func(s client.Secret) string { return printable(s.Description) }},
			{"changed", func(s client.Secret) string { return a.ago(s.UpdatedAt) }},
			{"by", func(s client.Secret) string { return printable(s.UpdatedBy.Name) }},
		})
	}))
}

// secretFlags say what a secret becomes. A value is no argument: those show in the shell's history and to everybody on
// the machine.
type secretFlags struct{ file, description string }

func (f *secretFlags) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&f.file, "value-file", "", "file with the value, without the end of its last line; - or nothing is standard input")
	cmd.Flags().StringVar(&f.description, "description", "", "what it is for")
	return cmd
}

func (a *app) secretsAdd() *cobra.Command {
	var f secretFlags
	return f.flags(a.verb("add KEY", "Keep a secret; its value is asked for, or read from standard input", onlyKey,
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			value, err := a.secretValue(args[0], f.file)
			if err != nil {
				return err
			}
			s, err := api.Secrets.Create(cmd.Context(), client.SecretPatch{Key: args[0], Value: &value, Description: set(f.description != "", f.description)})
			return a.secret(s, err)
		}))
}

func (a *app) secretsUpdate() *cobra.Command {
	var f secretFlags
	return f.flags(a.verb("update KEY", "Give a secret another value; with --description alone, another description", onlyKey,
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			described := cmd.Flags().Changed("description")
			patch := client.SecretPatch{Description: set(described, f.description)}
			if !described || cmd.Flags().Changed("value-file") {
				value, err := a.secretValue(args[0], f.file)
				if err != nil {
					return err
				}
				patch.Value = &value
			}
			s, err := api.Secrets.Patch(cmd.Context(), args[0], patch)
			return a.secret(s, err)
		}))
}

func onlyKey(cmd *cobra.Command, args []string) error {
	if len(args) == 2 {
		return misuse(cmd, "the value is no argument, where others can read it: it is asked for, or comes from standard input or --value-file")
	}
	return needs("KEY")(cmd, args)
}

// secretValue reads a value: of a file, asked for without showing it, or of standard input.
func (a *app) secretValue(key, file string) (string, error) {
	if file != "" && file != "-" {
		text, err := readFile(file)
		return oneEndLess(text), err
	}
	if terminal, ok := a.Stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		_, _ = fmt.Fprintf(a.Stderr, "Value of %s (not shown): ", printable(key))
		text, err := term.ReadPassword(int(terminal.Fd()))
		_, _ = fmt.Fprintln(a.Stderr)
		if err != nil {
			return "", sb.Wrap(err, sb.Invalid, "the value cannot be read from the terminal")
		}
		return string(text), nil
	}
	text, err := io.ReadAll(io.LimitReader(a.Stdin, sb.MaxSecret+3)) // one byte too many is told by the server
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "standard input cannot be read")
	}
	return oneEndLess(text), nil
}

// oneEndLess drops the end of the last line, which editors and echo add.
func oneEndLess(text []byte) string {
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
}

func (a *app) secret(s client.Secret, err error) error {
	if err != nil {
		return err
	}
	return a.show(s, field{"Key", printable(s.Key)}, field{"Description", printable(s.Description)}, field{"Changed", a.ago(s.UpdatedAt)})
}
