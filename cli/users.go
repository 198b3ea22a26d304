package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func usersCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "users", "People and their roles")
	cmd.Aliases = []string{"user"}
	cmd.AddCommand(a.usersList(),
		a.verb("show USER", "Show a user, named by email, id or a name of his own", needs("USER"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				u, err := api.Users.Get(cmd.Context(), args[0])
				return a.user(u, err)
			}),
		a.usersRole(),
		a.foretelling(a.verb("delete USER", "Delete a user; keys, sessions, grants and memberships end at once", needs("USER"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Users.Delete(cmd.Context(), args[0]), "User %s is deleted. Runs stay.", args[0])
			})))
	for _, verb := range cmd.Commands() {
		if verb.Name() == "show" || verb.Name() == "delete" {
			verb.ValidArgsFunction = a.complete(userNames)
		}
	}
	return cmd
}

func userNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Users.List(ctx, client.People{Search: client.Search{Paging: client.Paging{Limit: sb.MaxLimit}}})
	return namesOf(p, err, func(u client.User) string {
		if u.Email != "" {
			return u.Email
		}
		return u.ID
	})
}

// searching are the flags of a list that can be searched.
type searching struct {
	paging
	text string
}

func (s *searching) flags(cmd *cobra.Command, what string) *cobra.Command {
	cmd.Flags().StringVar(&s.text, "search", "", what)
	return s.paging.flags(cmd)
}

// found reads pages of what is searched.
func found[T any](s *searching, list func(context.Context, client.Search) (client.Page[T], error)) func(context.Context, client.Paging) (client.Page[T], error) {
	return func(ctx context.Context, p client.Paging) (client.Page[T], error) {
		return list(ctx, client.Search{Paging: p, Text: s.text})
	}
}

// asking are the flags of a list of users or service accounts.
type asking struct {
	searching
	roles []string
	sort  string
}

func (f *asking) flags(cmd *cobra.Command, what string) *cobra.Command {
	cmd.Flags().StringSliceVar(&f.roles, "role", nil, "those with this role, or with one of several")
	cmd.Flags().StringVar(&f.sort, "sort", "", "name, role, seen (the last login first) or newest")
	fixedOf(cmd, "role", sb.Roles)
	fixedOf(cmd, "sort", []sb.PrincipalSort{sb.PrincipalsByName, sb.PrincipalsByRole, sb.PrincipalsBySeen, sb.PrincipalsByNewest})
	return f.searching.flags(cmd, what)
}

// asked reads pages of those whom the flags mean.
func asked[T any](f *asking, list func(context.Context, client.People) (client.Page[T], error)) func(context.Context, client.Paging) (client.Page[T], error) {
	return func(ctx context.Context, p client.Paging) (client.Page[T], error) {
		people := client.People{Search: client.Search{Paging: p, Text: f.text}, Sort: sb.PrincipalSort(f.sort)}
		for _, role := range f.roles {
			people.Roles = append(people.Roles, sb.Role(role))
		}
		return list(ctx, people)
	}
}

func (a *app) usersList() *cobra.Command {
	var s asking
	return s.flags(a.verb("list", "List the users", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, s.paging, "There is no such user.", asked(&s, api.Users.List), []column[client.User]{
			{"name", func(u client.User) string { return printable(u.Name) }},
			{"email", func(u client.User) string { return printable(u.Email) }},
			{"role", func(u client.User) string { return string(u.Role) }},
			{"groups", func(u client.User) string { return whos(u.Groups) }},
			{"last login", func(u client.User) string { return a.agoOf(u.LastSeenAt) }},
		})
	}), "those whose name or email holds this text")
}

func (a *app) usersRole() *cobra.Command {
	return a.roleVerb("USER", "Give a user another role", userNames, func(ctx context.Context, api *client.Client, user string, role sb.Role) error {
		u, err := api.Users.Patch(ctx, user, client.UserPatch{Role: &role})
		return a.user(u, err)
	})
}

// roleVerb makes the verb that gives one kind of principal another role.
func (a *app) roleVerb(
	who, short string, names func(context.Context, *client.Client) ([]string, error),
	give func(ctx context.Context, api *client.Client, name string, role sb.Role) error,
) *cobra.Command {
	cmd := a.verb("role "+who+" ROLE", short+": guest, labeler, collaborator, member or admin", needs(who, "ROLE"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			role := sb.Role(args[1])
			if !role.Valid() {
				return misuse(cmd, "a role is guest, labeler, collaborator, member or admin, not %q", args[1])
			}
			return give(cmd.Context(), api, args[0], role)
		})
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return a.complete(names)(cmd, args, begun)
		}
		var fit []string
		for _, role := range sb.Roles {
			if strings.HasPrefix(string(role), begun) {
				fit = append(fit, string(role))
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
	return a.foretelling(cmd)
}

func (a *app) user(u client.User, err error) error {
	if err != nil {
		return err
	}
	role := string(u.Role)
	if u.RoleLockedBy != nil {
		role += ", as the login provider " + *u.RoleLockedBy + " decides"
	}
	return a.show(u,
		field{"Name", printable(u.Name)}, field{"ID", u.ID}, field{"Email", printable(u.Email)}, field{"Role", printable(role)},
		field{"Groups", whos(u.Groups)}, field{"Created", a.ago(u.CreatedAt)}, field{"Last login", a.agoOf(u.LastSeenAt)})
}

// whos lists names.
func whos(list []client.Who) string {
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.Name
	}
	return printable(strings.Join(names, ", "))
}
