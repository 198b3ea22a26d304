package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

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

// ledgerMost bounds the lines of one kind; the whole is there as JSON.
const ledgerMost = 20

func (a *app) ledger(l client.Ledger) error {
	fields := []field{
		{"Last look", cmp.Or(a.agoOf(l.PolledAt), "none has succeeded yet")},
		{"Requests", strconv.Itoa(l.Calls)},
		{"Next look", a.due(l.NextAt)},
		{"Version", printable(l.Version)},
		{"Open runs", strconv.Itoa(l.Open)},
	}
	if l.Failures > 0 {
		fields = append(fields, field{"Cannot be asked", fmt.Sprintf("tried %s, first %s: %s", times(l.Failures), a.agoOf(l.FailingSince), printable(l.Trouble))})
	}
	for _, b := range l.Blocked {
		fields = append(fields, field{"Starts nothing", printable(b.Target + ": " + b.Why)})
	}
	fields = append(fields, someOf("Differs", l.Mismatches, func(d client.Drift) string {
		return fmt.Sprintf("%s: %s (%s here, %s there)", d.RunID, printable(d.Why), d.Asserted, cmp.Or(string(d.Observed), "not seen"))
	})...)
	fields = append(fields, someOf("Lost", l.Lost, func(d client.Drift) string {
		return fmt.Sprintf("%s, %s: %s", d.RunID, printable(d.Ref), printable(d.Why))
	})...)
	fields = append(fields, someOf("Orphan", l.Orphans, func(o client.Orphan) string {
		return fmt.Sprintf("%s is %s there: %s", printable(o.Ref), o.Observed, printable(o.Known))
	})...)
	if len(l.Mismatches)+len(l.Lost)+len(l.Orphans) == 0 && l.PolledAt != nil {
		fields = append(fields, field{"Differs", "nothing, as far as was seen"})
	}
	return a.show(l, fields...)
}

// due tells when something comes, which may be late.
func (a *app) due(t *time.Time) string {
	if t != nil && !t.After(a.Now()) {
		return "now"
	}
	return a.agoOf(t)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// someOf makes a line of each of the first, and one that tells how many more there are.
func someOf[T any](name string, all []T, line func(T) string) (fields []field) {
	for _, one := range all[:min(len(all), ledgerMost)] {
		fields = append(fields, field{name, line(one)})
	}
	if more := len(all) - ledgerMost; more > 0 {
		fields = append(fields, field{name, fmt.Sprintf("and %d more; --output json has all", more)})
	}
	return fields
}
