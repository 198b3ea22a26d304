package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// try is the verb `plugins test`, which needs no server.
func (a *app) try() *cobra.Command {
	var builtin, python string
	cmd := &cobra.Command{
		Use: "test FOLDER|ZIP|-", Short: "Try a plugin before it is installed, without a server", Args: needs("[FOLDER|ZIP|-]"),
		Long: "Reads a plugin as an installation does, loads it in the Python that --python or SIGNALBOX_PYTHON names, resolves the\n" +
			"inputs of each operator without params, and says what would not work in a run. It runs code of the plugin.\n" +
			"The exit code is 1 when something would not work, and 2 when the plugin could not be installed or tried.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.Try == nil {
				return misuse(cmd, "this program cannot try plugins")
			}
			archive, err := a.archive(cmd, args, builtin)
			if err != nil {
				return err
			}
			defer func() { _ = archive.Close() }()
			t, err := a.Try(cmd.Context(), python, archive)
			if err != nil {
				return err
			}
			return a.tried(t)
		},
	}
	cmd.Flags().StringVar(&builtin, "builtin", "", "try a plugin that comes with signalbox, such as dummy or imagestats")
	cmd.Flags().StringVar(&python, "python", "", "a Python that has FiftyOne; else SIGNALBOX_PYTHON")
	return cmd
}

// tried shows what came of trying a plugin, and exits with 1 when something would not work.
func (a *app) tried(t sb.Trial) error {
	if err := a.showTrial(t); err != nil {
		return err
	}
	if !t.Works() {
		return exit(exitFailed)
	}
	return nil
}

func (a *app) showTrial(t sb.Trial) error {
	if a.json() {
		return a.writeJSON(t)
	}
	p := a.paint(a.Stdout)
	lines := []string{strings.TrimSpace(printable(t.Plugin + " " + t.Version))}
	if t.FiftyOne != "" {
		lines[0] += printable(fmt.Sprintf(" in FiftyOne %s, Python %s (%s)", t.FiftyOne, t.Python, t.Program))
	}
	for _, o := range t.Operators {
		word := "ok  "
		if !o.Works {
			word = p.in(red, "FAIL")
		}
		lines = append(lines, "  "+word+"  "+printable(o.Name)+"  ("+o.Runtime+")")
		lines = append(lines, remarksOf(t, o.Name)...)
	}
	lines = append(lines, remarksOf(t, "")...)
	_, err := fmt.Fprintln(a.Stdout, strings.Join(lines, "\n"))
	return err
}

// remarksOf are the lines of what was found about an operator, or "" for the plugin.
func remarksOf(t sb.Trial, operator string) (lines []string) {
	for _, f := range t.Remarks {
		if f.Operator != operator {
			continue
		}
		lines = append(lines, "        "+printable(strings.TrimRight(f.Message, "."))+".")
		for line := range strings.Lines(strings.TrimRight(f.Stack, "\n")) {
			lines = append(lines, "        | "+printable(strings.TrimRight(line, "\n")))
		}
	}
	return lines
}
