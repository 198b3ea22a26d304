package cli

import (
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"signalbox/client"
)

func (a *app) schedule() *cobra.Command {
	var d client.Draft
	var p params
	var of part
	var follow bool
	cmd := a.verb("schedule OPERATOR", "Schedule a run", needs("OPERATOR"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		var err error
		d.Operator = args[0]
		if d.Params, err = p.read(cmd, a.Stdin); err != nil {
			return err
		}
		if d.View, d.Selection, err = of.read(cmd, a.Stdin); err != nil {
			return err
		}
		if d.IdempotencyKey == "" {
			d.IdempotencyKey = ulid.Make().String()
		}
		run, err := api.Runs.Schedule(cmd.Context(), d)
		return a.scheduled(cmd, api, run, err, follow)
	})
	cmd.Long = "Schedules a run of an operator (its URI, such as @acme/tools/hello).\n\n" +
		"With --follow it stays until the run is over: its status, progress and log go to standard error, its result to\n" +
		"standard output. Exit codes: 0 completed, 1 failed, 2 the input is wrong, 3 the server cannot be reached or does\n" +
		"not let you."
	f := cmd.Flags()
	f.StringVar(&d.Dataset, "dataset", "", "the dataset it works on")
	f.StringVar(&d.Orchestrator, "orchestrator", "", "where it runs; by default the first that takes the operator")
	f.StringVar(&d.Label, "label", "", "a name for people")
	f.IntVar(&d.Priority, "priority", 0, "from -10 to 10; above 0 needs Can manage on the dataset")
	f.StringVar(&d.IdempotencyKey, "idempotency-key", "", "the same key and input within 24 h give the same run")
	f.BoolVarP(&follow, "follow", "f", false, "stay until it is over")
	of.flags(cmd)
	p.flags(cmd)
	cmd.ValidArgsFunction = a.complete(operatorNames)
	_ = cmd.RegisterFlagCompletionFunc("dataset", a.complete(datasetNames))
	_ = cmd.RegisterFlagCompletionFunc("orchestrator", a.complete(orchestratorNames))
	return cmd
}

func (a *app) rerun() *cobra.Command {
	var p params
	var follow bool
	cmd := a.verb("rerun RUN", "Schedule a run again, with the same params or others", needs("RUN"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			given, err := p.read(cmd, a.Stdin)
			if err != nil {
				return err
			}
			run, err := api.Runs.Rerun(cmd.Context(), args[0], given, ulid.Make().String())
			return a.scheduled(cmd, api, run, err, follow)
		})
	cmd.Long = "Schedules a run again. Params that are given replace all of the old ones."
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "stay until it is over")
	p.flags(cmd)
	cmd.ValidArgsFunction = a.complete(runNames)
	return cmd
}

// scheduled tells of a new run, or follows it.
func (a *app) scheduled(cmd *cobra.Command, api *client.Client, run client.Run, err error, follow bool) error {
	switch {
	case err != nil:
		return err
	case follow:
		return a.follow(cmd.Context(), api, run)
	}
	if err := a.brief(run); err != nil || a.json() {
		return err
	}
	_, err = fmt.Fprintf(a.Stderr, "Follow it with `signalbox runs watch %s`.\n", run.ID)
	return err
}
