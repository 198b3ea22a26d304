package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func (a *app) datasetsClone() *cobra.Command {
	var permission string
	cmd := a.verb("clone DATASET NAME", "Create a dataset's entry like another; grants are not copied", needs("DATASET", "NAME"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			d, err := api.Datasets.Clone(cmd.Context(), args[0], client.DatasetPatch{
				Name: &args[1], DefaultPermission: set(permission != "", sb.Permission(permission)),
			})
			return a.dataset(d, err)
		})
	permissionFlag(cmd, &permission)
	return cmd
}

func (a *app) datasetsShare() *cobra.Command {
	var group bool
	cmd := a.verb("share DATASET WHO PERMISSION", "Share a dataset with a user, a service account or a group: view, tag, edit or manage",
		needs("DATASET", "WHO", "PERMISSION"), func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(share(cmd, api, group, args[0], args[1], sb.Permission(args[2])), "%s has Can %s on %s.", args[1], args[2], args[0])
		})
	groupFlag(cmd, &group)
	return a.foretelling(cmd)
}

func (a *app) datasetsUnshare() *cobra.Command {
	var group bool
	cmd := a.verb("unshare DATASET WHO", "Take back what a user, a service account or a group was granted", needs("DATASET", "WHO"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(share(cmd, api, group, args[0], args[1], sb.NoAccess), "%s has no grant on %s any more.", args[1], args[0])
		})
	groupFlag(cmd, &group)
	return a.foretelling(cmd)
}

func groupFlag(cmd *cobra.Command, into *bool) {
	cmd.Flags().BoolVar(into, "group", false, "WHO is a group")
}

func share(cmd *cobra.Command, api *client.Client, group bool, dataset, who string, p sb.Permission) error {
	if group {
		return api.Datasets.ShareWithGroup(cmd.Context(), dataset, who, p)
	}
	return api.Datasets.ShareWithUser(cmd.Context(), dataset, who, p)
}

func (a *app) datasetsAccess() *cobra.Command {
	return a.verb("access DATASET", "Show who has access to a dataset, and why", needs("DATASET"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			got, err := api.Datasets.Access(cmd.Context(), args[0], client.Paging{Limit: sb.MaxLimit})
			if err != nil {
				return err
			}
			for next := got.Next; next != "" && !a.json(); {
				page, err := api.Datasets.Access(cmd.Context(), args[0], client.Paging{Limit: sb.MaxLimit, Cursor: next})
				if err != nil {
					return err
				}
				got.Items, next = append(got.Items, page.Items...), page.Next
			}
			if len(got.Groups) == sb.MaxLimit && !a.json() {
				if got.Groups, err = sharedGroups(cmd.Context(), api, args[0]); err != nil {
					return err
				}
			}
			return a.access(got)
		})
}

// sharedGroups reads all groups that a dataset is shared with.
func sharedGroups(ctx context.Context, api *client.Client, dataset string) (all []client.SharedGroup, err error) {
	for cursor := ""; ; {
		page, err := api.Datasets.Groups(ctx, dataset, client.Paging{Limit: sb.MaxLimit, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		if all = append(all, page.Items...); page.Next == nil {
			return all, nil
		}
		cursor = *page.Next
	}
}

func (a *app) access(v client.Access) error {
	if a.json() {
		return a.writeJSON(v)
	}
	head, rows := rowsOf(v.Items, []column[client.Holder]{
		{"who", func(h client.Holder) string { return printable(h.Name) }},
		{"role", func(h client.Holder) string { return string(h.Role) }},
		{"permission", func(h client.Holder) string { return string(h.Permission) }},
		{"why", func(h client.Holder) string { return printable(h.Reason) }},
	})
	if err := a.writeItems(head, rows, "Nobody has access."); err != nil {
		return err
	}
	for _, g := range v.Groups {
		if err := a.done(nil, "Group %s (%d members) has Can %s.", g.Name, g.MemberCount, g.Permission); err != nil {
			return err
		}
	}
	return a.done(nil, "Members have by default: %s.", v.DefaultPermission)
}

var questions = []string{
	"administer", "create_dataset", "clone", "view", "export", "tag", "edit", "manage", "schedule", "prioritise", "see_all_runs",
	"pin_runs", "rename_runs", "end_runs", "use_api_keys",
}

func accessCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "access", "Who may do what, and why")
	var q client.Question
	explain := a.verb("explain WHO ACTION", "Tell whether someone may do something, and why; WHO is me, an id, an email or a service account",
		needs("WHO", "ACTION"), func(cmd *cobra.Command, api *client.Client, args []string) error {
			q.Principal, q.Action = args[0], args[1]
			e, err := api.Rights.Explain(cmd.Context(), q)
			return a.explanation(e, err)
		})
	explain.Long = explain.Short + ".\n\nActions: " + strings.Join(questions, ", ") + "."
	explain.Flags().StringVar(&q.Dataset, "dataset", "", "on this dataset")
	explain.Flags().StringVar(&q.Operator, "operator", "", "the URI of the operator, for schedule")
	explain.ValidArgsFunction = cobra.FixedCompletions(append([]string{"me"}, questions...), cobra.ShellCompDirectiveNoFileComp)
	cmd.AddCommand(explain)
	return cmd
}

func (a *app) explanation(e client.Explanation, err error) error {
	if err != nil {
		return err
	}
	fields := []field{{"Allowed", map[bool]string{true: "yes", false: "no"}[e.Allowed]}, {"Reason", printable(e.Reason)}}
	for _, s := range e.Steps {
		fields = append(fields, field{" " + s.Name, printable(s.Detail)})
	}
	return a.show(e, fields...)
}
