package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func (a *app) watch() *cobra.Command {
	cmd := a.verb("watch [RUN]", "Follow a run, or tell of every change of any run you may see", needs("[RUN]"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if len(args) == 0 {
				return a.watchAll(cmd.Context(), api)
			}
			run, err := api.Runs.Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.follow(cmd.Context(), api, run)
		})
	cmd.Long = "Follows a run as `runs schedule --follow` does, with the same exit codes. Without a run it tells of every\n" +
		"change of any run you may see, a line each (with -o json a document each), until it is interrupted."
	cmd.ValidArgsFunction = a.complete(runNames)
	return cmd
}

// watchAll tells of runs that change. What happened while the connection was broken is not told.
func (a *app) watchAll(ctx context.Context, api *client.Client) error {
	told := map[string]string{}
	return api.Runs.Watch(ctx, func(c client.Change) error {
		if c.Kind != string(sb.TopicRun) {
			return nil
		}
		run, err := api.Runs.Get(ctx, c.ID)
		if sb.CodeOf(err) == sb.NotFound {
			return nil // gone, or not ours to see any more
		}
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s  %s  %s", string(run.Status), printable(run.Operator), printable(a.standing(run)))
		if told[c.ID] == line {
			return nil
		}
		told[c.ID] = line
		if run.Status.Terminal() && !workGoesOn(run) {
			delete(told, c.ID)
		}
		return a.news(run)
	})
}

func (a *app) news(r client.Run) error {
	if a.json() {
		return a.writeJSON(r)
	}
	_, err := fmt.Fprintf(a.Stdout, "%s  %s  %s  %s  %s\n", a.Now().Local().Format("15:04:05"), r.ID,
		a.paint(a.Stdout).status(r.Status), printable(r.Operator), printable(a.standing(r)))
	return err
}
