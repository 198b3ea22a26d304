package cli

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"signalbox/client"
)

func (a *app) orchestratorsProbe() *cobra.Command {
	return a.verb("probe ORCHESTRATOR", "Ask an orchestrator whether runs can be sent there, and what to do if not", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p, err := api.Orchestrators.Probe(cmd.Context(), args[0])
			return a.health(client.Health(p), err)
		})
}

func (a *app) reconcile() *cobra.Command {
	return a.verb("reconcile ORCHESTRATOR", "Have an orchestrator's work looked at now", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(api.Orchestrators.Reconcile(cmd.Context(), args[0]), "Orchestrator %s is being looked at.", args[0])
		})
}

func (a *app) drift() *cobra.Command {
	return a.verb("drift ORCHESTRATOR", "Compare what an orchestrator was asked to do with what is seen there", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			w, err := api.Orchestrators.Drift(cmd.Context(), args[0])
			if err != nil || a.json() {
				return a.orJSON(w, err)
			}
			if w.Ledger == nil {
				return a.done(nil, "%s is builtin: its workers tell by themselves.", args[0])
			}
			return a.ledger(*w.Ledger)
		})
}

func (a *app) orJSON(document any, err error) error {
	if err != nil {
		return err
	}
	return a.writeJSON(document)
}

func (a *app) ledger(l client.Ledger) error {
	fields := []field{
		{"Last look", a.agoOf(l.PolledAt)},
		{"Requests", strconv.Itoa(l.Calls)},
		{"Version", printable(l.Version)},
		{"Open runs", strconv.Itoa(l.Open)},
	}
	if l.Failures > 0 {
		fields = append(fields, field{"Cannot be asked", fmt.Sprintf("since %s, %d times: %s", a.agoOf(l.FailingSince), l.Failures, printable(l.Trouble))})
	}
	for _, b := range l.Blocked {
		fields = append(fields, field{"Starts nothing", printable(b.Target + ": " + b.Why)})
	}
	for _, d := range l.Mismatches {
		fields = append(fields, field{"Differs", fmt.Sprintf("%s is %s here, %s there: %s", d.RunID, d.Asserted, cmp.Or(string(d.Observed), "not seen"), printable(d.Why))})
	}
	for _, d := range l.Lost {
		fields = append(fields, field{"Lost", fmt.Sprintf("%s, %s: %s", d.RunID, printable(d.Ref), printable(d.Why))})
	}
	for _, o := range l.Orphans {
		fields = append(fields, field{"Orphan", fmt.Sprintf("%s is %s there: %s", printable(o.Ref), o.Observed, printable(o.Known))})
	}
	return a.show(l, fields...)
}
