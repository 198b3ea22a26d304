package cli

import (
	"context"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func accountsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "service-accounts", "Principals that are programs")
	cmd.Aliases = []string{"service-account"}
	cmd.AddCommand(a.accountsList(), a.accountsCreate(),
		a.verb("show ACCOUNT", "Show a service account", needs("ACCOUNT"), func(cmd *cobra.Command, api *client.Client, args []string) error {
			p, err := api.ServiceAccounts.Get(cmd.Context(), args[0])
			return a.principal(p, err)
		}),
		a.foretelling(a.verb("delete ACCOUNT", "Delete a service account with its keys", needs("ACCOUNT"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.ServiceAccounts.Delete(cmd.Context(), args[0]), "Service account %s is deleted, and its keys are.", args[0])
			})))
	for _, verb := range cmd.Commands() {
		if verb.Name() == "show" || verb.Name() == "delete" {
			verb.ValidArgsFunction = a.complete(accountNames)
		}
	}
	cmd.AddCommand(a.roleVerb("ACCOUNT", "Give a service account another role", accountNames,
		func(ctx context.Context, api *client.Client, account string, role sb.Role) error {
			p, err := api.ServiceAccounts.Patch(ctx, account, client.AccountPatch{Role: &role})
			return a.principal(p, err)
		}))
	cmd.AddCommand(a.keysCommand("ACCOUNT", "Keys of a service account", true,
		func(api *client.Client, owner string) client.Keys { return api.ServiceAccounts.Keys(owner) }))
	return cmd
}

func accountNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.ServiceAccounts.List(ctx, client.People{Search: client.Search{Paging: client.Paging{Limit: sb.MaxLimit}}})
	return namesOf(p, err, func(p client.Principal) string { return p.Name })
}

func (a *app) accountsList() *cobra.Command {
	var s asking
	return s.flags(a.verb("list", "List the service accounts", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, s.paging, "There is no such service account.", asked(&s, api.ServiceAccounts.List), []column[client.Principal]{
			{"name", func(p client.Principal) string { return printable(p.Name) }},
			{"role", func(p client.Principal) string { return string(p.Role) }},
			{"description", func(p client.Principal) string { return printable(p.Description) }},
			{"created", func(p client.Principal) string { return a.ago(p.CreatedAt) }},
		})
	}), "those whose name holds this text")
}

func (a *app) accountsCreate() *cobra.Command {
	var role, description string
	cmd := a.verb("create NAME --role ROLE", "Create a service account; it has no key yet", needs("NAME"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if role == "" {
				return misuse(cmd, "--role is missing: guest, labeler, collaborator, member or admin")
			}
			p, err := api.ServiceAccounts.Create(cmd.Context(), client.AccountPatch{
				Name: &args[0], Role: set(true, sb.Role(role)), Description: set(description != "", description),
			})
			return a.principal(p, err)
		})
	cmd.Flags().StringVar(&role, "role", "", "guest, labeler, collaborator, member or admin")
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	fixedOf(cmd, "role", sb.Roles)
	return cmd
}

func (a *app) principal(p client.Principal, err error) error {
	if err != nil {
		return err
	}
	return a.show(p,
		field{"Name", printable(p.Name)}, field{"ID", p.ID}, field{"Kind", string(p.Kind)}, field{"Role", string(p.Role)},
		field{"Email", printable(p.Email)}, field{"Description", printable(p.Description)},
		field{"Groups", whos(p.Groups)}, field{"Created", a.ago(p.CreatedAt)})
}

func meCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "me", "Who the server takes you for")
	cmd.Aliases = []string{"whoami"}
	cmd.Args = noSuchVerb
	cmd.RunE = a.verb("me", "", nil, func(cmd *cobra.Command, api *client.Client, _ []string) error {
		p, err := api.Me.Get(cmd.Context())
		return a.principal(p, err)
	}).RunE
	cmd.AddCommand(a.keysCommand("", "Your own API keys", true, func(api *client.Client, _ string) client.Keys { return api.Me.Keys() }))
	return cmd
}
