package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func groupsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "groups", "Sets of users and service accounts that datasets are shared with")
	cmd.Aliases = []string{"group"}
	cmd.AddCommand(a.groupsList(), a.groupsCreate(), a.groupsShow(),
		a.verb("rename GROUP NAME", "Give a group another name; what it was granted stays", needs("GROUP", "NAME"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				g, err := api.Groups.Patch(cmd.Context(), args[0], client.GroupPatch{Name: &args[1]})
				return a.group(g, err)
			}),
		a.foretelling(a.verb("delete GROUP", "Delete a group; what it gave its members ends at once", needs("GROUP"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Groups.Delete(cmd.Context(), args[0]), "Group %s is deleted. Its members stay.", args[0])
			})),
		a.membership("add", "Put a user or a service account into a group", "%s is in %s.", client.Groups.Add),
		a.membership("remove", "Take a user or a service account out of a group", "%s is not in %s any more.", client.Groups.Remove))
	for _, verb := range cmd.Commands() {
		if verb.Name() != "list" && verb.Name() != "create" {
			verb.ValidArgsFunction = a.complete(groupNames)
		}
	}
	return cmd
}

func groupNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Groups.List(ctx, client.Search{Paging: client.Paging{Limit: sb.MaxLimit}})
	return namesOf(p, err, func(g client.Group) string { return g.Name })
}

func (a *app) groupsList() *cobra.Command {
	var s searching
	return s.flags(a.verb("list", "List the groups", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, s.paging, "There is no such group.", found(&s, api.Groups.List), []column[client.Group]{
			{"name", func(g client.Group) string { return printable(g.Name) }},
			{"members", func(g client.Group) string { return strconv.Itoa(g.MemberCount) }},
			{"description", func(g client.Group) string { return printable(g.Description) }},
			{"created", func(g client.Group) string { return a.ago(g.CreatedAt) }},
		})
	}), "those whose name holds this text")
}

func (a *app) groupsCreate() *cobra.Command {
	var description string
	cmd := a.verb("create NAME", "Create a group; it has no members yet", needs("NAME"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		g, err := api.Groups.Create(cmd.Context(), client.GroupPatch{Name: &args[0], Description: set(description != "", description)})
		return a.group(g, err)
	})
	cmd.Flags().StringVar(&description, "description", "", "whom it is for")
	return cmd
}

func (a *app) groupsShow() *cobra.Command {
	return a.verb("show GROUP", "Show a group and its members", needs("GROUP"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		g, err := api.Groups.Get(cmd.Context(), args[0])
		if err := a.group(g, err); err != nil || a.json() || len(g.Members) == 0 {
			return err
		}
		head, rows := rowsOf(g.Members, []column[client.GroupMember]{
			{"member", func(m client.GroupMember) string { return printable(m.Name) }},
			{"email", func(m client.GroupMember) string { return printable(m.Email) }},
			{"kind", func(m client.GroupMember) string { return kindName(m.Kind) }},
			{"put there by", func(m client.GroupMember) string { return printable(deref(m.LockedBy)) }},
		})
		if _, err := a.Stdout.Write([]byte("\n")); err != nil {
			return err
		}
		if err := a.writeItems(head, rows, ""); err != nil || len(g.Members) == g.MemberCount {
			return err
		}
		return a.done(nil, "These are the first %d of %d members.", len(g.Members), g.MemberCount)
	})
}

func kindName(k sb.PrincipalKind) string {
	if k == sb.ServiceAccount {
		return "service account"
	}
	return string(k)
}

// membership makes a verb about someone and a group, who are named in this order when it is done.
func (a *app) membership(name, short, said string, do func(client.Groups, context.Context, string, string) error) *cobra.Command {
	return a.foretelling(a.verb(name+" GROUP PRINCIPAL", short, needs("GROUP", "PRINCIPAL"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		return a.done(do(api.Groups, cmd.Context(), args[0], args[1]), said, args[1], args[0])
	}))
}

func (a *app) group(g client.Group, err error) error {
	if err != nil {
		return err
	}
	return a.show(g,
		field{"Name", printable(g.Name)}, field{"ID", g.ID}, field{"Description", printable(g.Description)},
		field{"Members", strconv.Itoa(g.MemberCount)}, field{"Created", a.ago(g.CreatedAt)})
}
