package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func datasetsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "datasets", "Names that people get access to")
	cmd.Aliases = []string{"dataset"}
	cmd.AddCommand(a.datasetsList(), a.datasetsCreate(), a.foretelling(a.datasetsSet()), a.datasetsClone(), a.datasetsShare(), a.datasetsUnshare(), a.datasetsAccess(),
		a.datasetsInvite(), a.datasetsInvitations(), a.datasetsUninvite(),
		a.verb("show DATASET", "Show a dataset", needs("DATASET"), func(cmd *cobra.Command, api *client.Client, args []string) error {
			d, err := api.Datasets.Get(cmd.Context(), args[0])
			return a.dataset(d, err)
		}),
		a.verb("delete DATASET", "Delete the entry; the samples stay where they are", needs("DATASET"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Datasets.Delete(cmd.Context(), args[0]), "Dataset %s is deleted.", args[0])
			}))
	for _, verb := range cmd.Commands() {
		if verb.Name() != "list" && verb.Name() != "create" {
			verb.ValidArgsFunction = a.complete(datasetNames)
		}
	}
	return cmd
}

func datasetNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Datasets.List(ctx, client.Paging{Limit: sb.MaxLimit})
	return namesOf(p, err, func(d client.Dataset) string { return d.Name })
}

func (a *app) datasetsList() *cobra.Command {
	var p paging
	return p.flags(a.verb("list", "List the datasets you may see", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, p, "You may see no dataset yet.", api.Datasets.List, []column[client.Dataset]{
			{"name", func(d client.Dataset) string { return printable(d.Name) }},
			{"your permission", func(d client.Dataset) string { return string(d.MyPermission) }},
			{"default", func(d client.Dataset) string { return string(d.DefaultPermission) }},
			{"creator", func(d client.Dataset) string { return printable(deref(d.Creator).Name) }},
		})
	}))
}

func (a *app) dataset(d client.Dataset, err error) error {
	if err != nil {
		return err
	}
	return a.show(d,
		field{"Name", printable(d.Name)}, field{"ID", d.ID}, field{"Your permission", string(d.MyPermission)},
		field{"Default permission", string(d.DefaultPermission)}, field{"Creator", printable(deref(d.Creator).Name)},
		field{"Created", a.ago(d.CreatedAt)})
}

func (a *app) datasetsCreate() *cobra.Command {
	var permission string
	cmd := a.verb("create NAME", "Create a dataset's entry", needs("NAME"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		d, err := api.Datasets.Create(cmd.Context(), client.DatasetPatch{
			Name: &args[0], DefaultPermission: set(permission != "", sb.Permission(permission)),
		})
		return a.dataset(d, err)
	})
	permissionFlag(cmd, &permission)
	return cmd
}

func (a *app) datasetsSet() *cobra.Command {
	var name, permission string
	cmd := a.verb("set DATASET", "Rename a dataset or change its default permission", needs("DATASET"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p := client.DatasetPatch{Name: set(name != "", name), DefaultPermission: set(permission != "", sb.Permission(permission))}
			if p == (client.DatasetPatch{}) {
				return misuse(cmd, "say what to change: --name or --default-permission")
			}
			d, err := api.Datasets.Patch(cmd.Context(), args[0], p)
			return a.dataset(d, err)
		})
	cmd.Flags().StringVar(&name, "name", "", "its new name")
	permissionFlag(cmd, &permission)
	return cmd
}

func permissionFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "default-permission", "", "what members may do without a grant: none, view, tag, edit, manage")
	fixedOf(cmd, "default-permission", sb.Permissions)
}

// done tells that something without an answer was done; for programs there is nothing to tell.
func (a *app) done(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Stderr, printable(fmt.Sprintf(format, args...)))
	return err
}
