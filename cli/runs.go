package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func runsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "runs", "Schedule operators and see what becomes of them")
	cmd.Aliases = []string{"run"}
	cmd.AddCommand(a.schedule(), a.rerun(), a.runsList(), a.watch())
	known := []*cobra.Command{
		a.runVerb("show RUN", "Show a run with its params and its result", client.Runs.Get, a.wholeRun),
		a.runVerb("stop RUN", "Fail a run and end its work", client.Runs.Stop, a.brief),
		a.runVerb("fail RUN", "Mark a run as failed; its work goes on", client.Runs.Fail, a.brief),
		a.runVerb("release RUN", "Free the slot of work that nobody can see any more (admins)", client.Runs.Release, a.brief),
		a.runVerb("pin RUN", "Pin a run: everybody with access to its dataset sees it", pinning(true), a.brief),
		a.runVerb("unpin RUN", "Unpin a run", pinning(false), a.brief),
		a.rename(), a.why(), a.runEvents(), a.runLogs(), a.runDownload(), a.scrubLog(),
	}
	for _, verb := range known {
		verb.ValidArgsFunction = a.complete(runNames)
		if verb.Name() == "fail" {
			verb.SuggestFor = []string{"mark"} // the API's word
		}
	}
	cmd.AddCommand(known...)
	return cmd
}

func runNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Runs.List(ctx, client.RunFilter{})
	return namesOf(p, err, func(r client.Run) string { return r.ID + "\t" + printable(r.Operator) + ", " + string(r.Status) })
}

func pinning(pinned bool) func(client.Runs, context.Context, string) (client.Run, error) {
	return func(r client.Runs, ctx context.Context, id string) (client.Run, error) {
		return r.Patch(ctx, id, client.RunPatch{Pinned: &pinned})
	}
}

func (a *app) runVerb(
	use, short string, f func(client.Runs, context.Context, string) (client.Run, error), show func(client.Run) error,
) *cobra.Command {
	return a.verb(use, short, needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		run, err := f(api.Runs, cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return show(run)
	})
}

func (a *app) rename() *cobra.Command {
	return a.verb("rename RUN LABEL", "Change a run's label", needs("RUN", "LABEL"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		run, err := api.Runs.Patch(cmd.Context(), args[0], client.RunPatch{Label: &args[1]})
		if err != nil {
			return err
		}
		return a.brief(run)
	})
}

// brief tells in one line where a run stands.
func (a *app) brief(r client.Run) error {
	if a.json() {
		return a.writeJSON(r)
	}
	_, err := fmt.Fprintf(a.Stdout, "%s  %s  %s\n", r.ID, a.paint(a.Stdout).status(r.Status), printable(a.standing(r)))
	return err
}

// standing tells in words what goes on with a run.
func (a *app) standing(r client.Run) string {
	switch {
	case r.Failure != nil:
		return r.Failure.Message + a.workLeft(r)
	case r.Status == sb.Scheduled && r.Queue != nil:
		return fmt.Sprintf("number %d in the queue of %s", r.Queue.Position, r.Orchestrator)
	case r.Status == sb.Queued:
		return "has a slot of " + r.Orchestrator
	case r.Status == sb.Running && r.Progress != nil:
		return progressText(r.Progress)
	default:
		return r.Label
	}
}

func (a *app) workLeft(r client.Run) string {
	if !workGoesOn(r) {
		return ""
	}
	return " Its work is " + string(r.Work.State) + "."
}

func workGoesOn(r client.Run) bool {
	return r.Work.State != sb.WorkNone && r.Work.State != sb.WorkEnded && r.Work.State != ""
}

func progressText(p *sb.Progress) string {
	if p == nil {
		return ""
	}
	if p.Fraction == nil {
		return p.Label
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f %% %s", *p.Fraction*100, p.Label))
}

func (a *app) runsList() *cobra.Command {
	var f client.RunFilter
	var p paging
	var statuses []string
	var sort string
	var pinned bool
	cmd := a.verb("list", "List runs, most recently scheduled first", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		f.Sort, f.Pinned = sb.RunSort(sort), set(cmd.Flags().Changed("pinned"), pinned)
		for _, s := range statuses {
			f.Statuses = append(f.Statuses, sb.Status(s))
		}
		page := func(ctx context.Context, at client.Paging) (client.Page[client.Run], error) {
			f.Paging = at
			return api.Runs.List(ctx, f)
		}
		return list(cmd, a, p, "There is no such run.", page, a.runColumns())
	})
	flags := cmd.Flags()
	flags.StringVar(&f.Dataset, "dataset", "", "on this dataset")
	flags.BoolVar(&f.Mine, "mine", false, "only your own")
	flags.StringSliceVar(&statuses, "status", nil, "in these statuses: scheduled, queued, running, completed, failed")
	flags.StringVar(&f.Operator, "operator", "", "of this operator")
	flags.StringVar(&f.Orchestrator, "orchestrator", "", "on this orchestrator")
	flags.StringVar(&f.User, "user", "", "scheduled by the principal of this id")
	flags.StringVar(&f.Search, "search", "", "with this in operator, label, submitter's name or id")
	flags.StringVar(&f.Match, "match", "", "uri: search in the operator's URI only, minding the case; all: everywhere")
	flags.BoolVar(&pinned, "pinned", true, "only pinned ones; =false: only others")
	flags.StringVar(&sort, "sort", "", "scheduled, updated, oldest or operator")
	fixedOf(cmd, "status", sb.Statuses)
	fixedOf(cmd, "sort", sb.RunSorts)
	fixed(cmd, "match", "uri", "all")
	_ = cmd.RegisterFlagCompletionFunc("dataset", a.complete(datasetNames))
	_ = cmd.RegisterFlagCompletionFunc("operator", a.complete(operatorNames))
	_ = cmd.RegisterFlagCompletionFunc("orchestrator", a.complete(orchestratorNames))
	return p.flags(cmd)
}

func (a *app) runColumns() []column[client.Run] {
	p := a.paint(a.Stdout)
	return []column[client.Run]{
		{"run", func(r client.Run) string { return r.ID }},
		{"status", func(r client.Run) string { return p.status(r.Status) }},
		{"operator", func(r client.Run) string { return printable(r.Operator) }},
		{"dataset", func(r client.Run) string { return printable(deref(r.Dataset)) }},
		{"scheduled", func(r client.Run) string { return a.ago(r.ScheduledAt) }},
		{"by", func(r client.Run) string { return printable(r.CreatedBy.Name) }},
		{"detail", func(r client.Run) string { return printable(a.standing(r)) }},
	}
}

// wholeRun shows all of a run.
func (a *app) wholeRun(r client.Run) error {
	err := a.show(r,
		field{"Run", r.ID}, field{"Label", printable(r.Label)}, field{"Status", a.paint(a.Stdout).status(r.Status)},
		field{"Progress", printable(progressText(r.Progress))}, field{"Operator", printable(r.Operator)},
		field{"Plugin", printable(strings.TrimSpace(r.Plugin+" "+r.PluginVersion) + ", revision " + strconv.Itoa(r.PluginRevision))},
		field{"Dataset", printable(deref(r.Dataset))}, field{"Orchestrator", printable(r.Orchestrator)},
		field{"Attempt", strconv.Itoa(r.Attempt)}, field{"Priority", priority(r.Priority)}, field{"Pinned", map[bool]string{true: "yes"}[r.Pinned]},
		field{"Scheduled", a.ago(r.ScheduledAt) + " by " + printable(r.CreatedBy.Name)}, field{"Queued", a.agoOf(r.QueuedAt)},
		field{"Started", a.agoOf(r.StartedAt)}, field{"Ended", a.agoOf(r.EndedAt)}, field{"Re-run of", deref(r.RerunOf)},
		field{"Work", a.workText(r)}, field{"Queue", queueText(r.Queue)})
	if err != nil || a.json() {
		return err
	}
	return a.inAndOut(r)
}

func priority(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func queueText(q *client.Queued) string {
	if q == nil {
		return ""
	}
	return fmt.Sprintf("number %d", q.Position)
}

func (a *app) workText(r client.Run) string {
	text := string(r.Work.State)
	if r.Work.Worker != "" {
		text += " at " + r.Work.Worker
	}
	if r.Work.Ref != "" {
		text += " as " + r.Work.Ref
	}
	if r.Work.SeenAt != nil && workGoesOn(r) {
		text += ", last sign of life " + a.ago(*r.Work.SeenAt)
	}
	return printable(text)
}

func (a *app) inAndOut(r client.Run) error {
	if params := pretty(r.Params); params != "" && params != "{}" {
		if _, err := fmt.Fprintf(a.Stdout, "\nParams:\n%s\n", params); err != nil {
			return err
		}
	}
	if view := pretty(r.View); view != "" {
		if _, err := fmt.Fprintf(a.Stdout, "\nView:\n%s\n", view); err != nil {
			return err
		}
	}
	if !r.Status.Terminal() {
		return nil
	}
	if _, err := fmt.Fprintln(a.Stdout); err != nil {
		return err
	}
	return a.outcome(r)
}

func (a *app) why() *cobra.Command {
	return a.verb("why RUN", "Tell why a run waits", needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		w, err := api.Runs.Wait(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if a.json() {
			return a.writeJSON(w)
		}
		_, err = fmt.Fprintln(a.Stdout, printable(w.Summary))
		return err
	})
}

func (a *app) runEvents() *cobra.Command {
	var p paging
	return p.flags(a.verb("events RUN", "Tell what happened to a run", needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		page := func(ctx context.Context, p client.Paging) (client.Page[client.Event], error) {
			return api.Runs.Events(ctx, args[0], p)
		}
		return list(cmd, a, p, "Nothing has happened.", page, []column[client.Event]{
			{"time", func(e client.Event) string { return e.At.UTC().Format("2006-01-02 15:04:05.000Z") }},
			{"attempt", func(e client.Event) string { return strconv.Itoa(e.Attempt) }},
			{"what", func(e client.Event) string { return string(e.Kind) }},
			{"by", func(e client.Event) string { return printable(deref(e.Actor).Name) }},
			{"message", func(e client.Event) string { return printable(e.Message) }},
		})
	}))
}
