package cli

import (
	"io"

	"github.com/spf13/cobra"

	"signalbox/client"
)

// foretelling gives verbs the flag --dry-run, with which nothing changes and what would change is told.
func (a *app) foretelling(cmd *cobra.Command) *cobra.Command {
	var dry bool
	cmd.Flags().BoolVar(&dry, "dry-run", false, "change nothing; tell who would gain or lose what, and which waiting runs would be rejected")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !dry {
			return run(cmd, args)
		}
		ctx, effect := client.Foretell(cmd.Context())
		cmd.SetContext(ctx)
		out, said := a.Stdout, a.Stderr
		a.Stdout, a.Stderr = io.Discard, io.Discard // what the verb says when it is done
		err := run(cmd, args)
		a.Stdout, a.Stderr = out, said
		if err != nil {
			return err
		}
		return a.effect(*effect)
	}
	return cmd
}

func (a *app) effect(e client.Effect) error {
	if a.json() {
		return a.writeJSON(e)
	}
	if len(e.Gain)+len(e.Lose)+len(e.Rejected) == 0 {
		return a.done(nil, "Nobody would gain or lose anything, and no run would be rejected.")
	}
	differences := func(title string, list []client.Difference) error {
		if len(list) == 0 {
			return nil
		}
		head, rows := rowsOf(list, []column[client.Difference]{
			{title, func(d client.Difference) string { return printable(d.Principal.Name) }},
			{"on", func(d client.Difference) string { return printable(about(d)) }},
			{"before", func(d client.Difference) string { return string(d.Before) }},
			{"after", func(d client.Difference) string { return string(d.After) }},
		})
		return a.writeItems(head, rows, "")
	}
	if err := differences("would lose", e.Lose); err != nil {
		return err
	}
	if err := differences("would gain", e.Gain); err != nil {
		return err
	}
	if len(e.Rejected) > 0 {
		head, rows := rowsOf(e.Rejected, []column[client.RejectedRun]{
			{"run that would be rejected", func(r client.RejectedRun) string { return r.ID }},
			{"operator", func(r client.RejectedRun) string { return printable(r.Operator) }},
			{"by", func(r client.RejectedRun) string { return printable(r.CreatedBy.Name) }},
			{"why", func(r client.RejectedRun) string { return printable(r.Reason) }},
		})
		if err := a.writeItems(head, rows, ""); err != nil {
			return err
		}
	}
	if e.More {
		return a.done(nil, "Nothing was changed. There is more than is shown here.")
	}
	return a.done(nil, "Nothing was changed.")
}

func about(d client.Difference) string {
	if d.Dataset != nil {
		return d.Dataset.Name
	}
	return "operator " + deref(d.Operator)
}
