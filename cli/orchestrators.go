package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func orchestratorsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "orchestrators", "The places that run work")
	cmd.Aliases = []string{"orchestrator"}
	cmd.AddCommand(a.orchestratorsList(), a.orchestratorsAdd(), a.orchestratorsSet(), a.orchestratorsProbe(), a.workers(), a.heldWork(), a.drift(), a.reconcile(),
		a.verb("remove ORCHESTRATOR", "Remove an orchestrator that nothing waits for or runs on", needs("ORCHESTRATOR"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Orchestrators.Delete(cmd.Context(), args[0]), "Orchestrator %s is removed.", args[0])
			}),
		a.verb("show ORCHESTRATOR", "Show an orchestrator with its routes", needs("ORCHESTRATOR"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				o, err := api.Orchestrators.Get(cmd.Context(), args[0])
				return a.orchestrator(o, err)
			}))
	for _, verb := range cmd.Commands() {
		if verb.Name() != "list" && verb.Name() != "add" {
			verb.ValidArgsFunction = a.complete(orchestratorNames)
		}
	}
	cmd.AddCommand(a.keysCommand("ORCHESTRATOR", "Keys that let workers and tasks claim work", false,
		func(api *client.Client, owner string) client.Keys { return api.Orchestrators.Keys(owner) }))
	return cmd
}

func orchestratorNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Orchestrators.List(ctx, client.Paging{})
	return namesOf(p, err, func(o client.Orchestrator) string { return o.Name })
}

func (a *app) orchestratorsList() *cobra.Command {
	var p paging
	return p.flags(a.verb("list", "List the orchestrators", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, p, "There is no orchestrator.", api.Orchestrators.List, []column[client.Orchestrator]{
			{"name", func(o client.Orchestrator) string { return printable(o.Name) }},
			{"kind", func(o client.Orchestrator) string { return string(o.Kind) }},
			{"enabled", func(o client.Orchestrator) string { return yes(o.Enabled) }},
			{"quota", func(o client.Orchestrator) string { return strconv.Itoa(o.Quota) }},
		})
	}))
}

func (a *app) orchestrator(o client.Orchestrator, err error) error {
	if err != nil {
		return err
	}
	fields := []field{
		{"Name", printable(o.Name)},
		{"ID", o.ID},
		{"Kind", string(o.Kind)},
		{"Enabled", yes(o.Enabled)},
		{"Quota", strconv.Itoa(o.Quota)},
	}
	if o.Kind != sb.Builtin {
		fields = append(fields, field{"Config", printable(string(o.Config))}, field{"Secrets", printable(strings.Join(o.Secrets, ", "))})
	}
	for _, r := range o.Routes {
		fields = append(fields, field{"Route", printable(strings.Join(r.Operators, ", ")) + " to " + printable(r.Target.Words())})
	}
	return a.show(o, fields...)
}

func (a *app) workers() *cobra.Command {
	var p paging
	return p.flags(a.verb("workers ORCHESTRATOR", "List the workers of a builtin orchestrator", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			page := func(ctx context.Context, p client.Paging) (client.Page[client.Worker], error) {
				return api.Orchestrators.Workers(ctx, args[0], p)
			}
			return list(cmd, a, p, "No worker has been seen in the last day. Start one with `signalbox worker`.", page, []column[client.Worker]{
				{"worker", func(w client.Worker) string { return printable(w.Name) }},
				{"pool", func(w client.Worker) string { return printable(w.Pool) }},
				{"runs", func(w client.Worker) string {
					return strconv.Itoa(len(w.Running)) + " of " + strconv.Itoa(w.Concurrency)
				}},
				{"version", func(w client.Worker) string { return printable(w.Version) }},
				{"state", a.workerState},
				{"last word", func(w client.Worker) string { return a.ago(w.SeenAt) }},
				{"warnings", func(w client.Worker) string { return printable(strings.Join(w.Warnings, "; ")) }},
			})
		}))
}

func (a *app) workerState(w client.Worker) string {
	switch {
	case a.Now().Sub(w.SeenAt) > sb.WorkerAlive:
		return "silent"
	case w.Draining:
		return "draining"
	default:
		return "ready"
	}
}

func (a *app) heldWork() *cobra.Command {
	var p paging
	return p.flags(a.verb("work ORCHESTRATOR", "List the runs that hold a slot there", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			page := func(ctx context.Context, p client.Paging) (client.Page[client.Run], error) {
				return api.Orchestrators.Work(ctx, args[0], p)
			}
			return list(cmd, a, p, "No run holds a slot there.", page, []column[client.Run]{
				{"run", func(r client.Run) string { return r.ID }},
				{"operator", func(r client.Run) string { return printable(r.Operator) }},
				{"status", func(r client.Run) string { return a.paint(a.Stdout).status(r.Status) }},
				{"work", func(r client.Run) string { return string(r.Work.State) }},
				{"last sign", func(r client.Run) string { return a.agoOf(r.Work.SeenAt) }},
				{"there", func(r client.Run) string { return printable(r.Work.Ref) }},
			})
		}))
}
