package cli

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func invitationsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "invitations", "People who are to join")
	cmd.Aliases = []string{"invitation"}
	revoke := a.verb("revoke INVITATION", "Take an invitation back, named by its id", needs("INVITATION"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(api.Invitations.Revoke(cmd.Context(), args[0]), "Invitation %s is taken back.", args[0])
		})
	revoke.ValidArgsFunction = a.complete(invitationIDs)
	cmd.AddCommand(a.invitationsList(), a.invitationsSend(), revoke, a.invitationsAccept())
	return cmd
}

func invitationIDs(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Invitations.List(ctx, client.InvitationList{Paging: client.Paging{Limit: sb.MaxLimit}, Open: true})
	return namesOf(p, err, func(v client.Invitation) string { return v.ID })
}

// inviting are the flags of a list of invitations.
type inviting struct {
	paging
	open bool
}

func (l *inviting) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&l.open, "open", false, "only those that can still be accepted")
	return l.paging.flags(cmd)
}

func (a *app) invitationsList() *cobra.Command {
	var l inviting
	return l.flags(a.verb("list", "List invitations, newest first", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return a.listInvitations(cmd, l, api.Invitations.List)
	}))
}

func (a *app) listInvitations(cmd *cobra.Command, l inviting, read func(context.Context, client.InvitationList) (client.Page[client.Invitation], error)) error {
	page := func(ctx context.Context, p client.Paging) (client.Page[client.Invitation], error) {
		return read(ctx, client.InvitationList{Paging: p, Open: l.open})
	}
	return list(cmd, a, l.paging, "Nobody is invited.", page, []column[client.Invitation]{
		{"id", func(v client.Invitation) string { return v.ID }},
		{"email", func(v client.Invitation) string { return printable(v.Email) }},
		{"to", offered},
		{"state", func(v client.Invitation) string { return string(v.State) }},
		{"invited by", func(v client.Invitation) string { return printable(v.InvitedBy.Name) }},
		{"expires", func(v client.Invitation) string { return a.ago(v.ExpiresAt) }},
	})
}

// offered is what someone is invited to.
func offered(v client.Invitation) string {
	if v.Dataset == nil {
		return "role " + string(v.Role)
	}
	return printable(v.Dataset.Name) + ": " + string(deref(v.Permission))
}

func (a *app) invitationsSend() *cobra.Command {
	return a.verb("send EMAIL ROLE", "Invite someone with a role: guest, labeler, collaborator, member or admin", needs("EMAIL", "ROLE"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			role := sb.Role(args[1])
			if !role.Valid() {
				return misuse(cmd, "a role is guest, labeler, collaborator, member or admin, not %q", args[1])
			}
			v, err := api.Invitations.Send(cmd.Context(), args[0], role)
			return a.invitation(v, err)
		})
}

// invitation shows an invitation; of a new one also its link, and whether that has to be given on.
func (a *app) invitation(v client.Invitation, err error) error {
	if err != nil {
		return err
	}
	err = a.show(v, field{"Email", printable(v.Email)}, field{"ID", v.ID}, field{"Invited to", offered(v)}, field{"State", string(v.State)},
		field{"Expires", a.ago(v.ExpiresAt)}, field{"Link", printable(v.Link)})
	switch {
	case err != nil || v.Link == "":
		return err
	case v.Mailed:
		return a.done(nil, "It was mailed to %s. The link is shown this once.", v.Email)
	case v.MailError != nil:
		return a.done(nil, "It was NOT mailed: %s. Give the link to %s yourself; it is shown this once.", *v.MailError, v.Email)
	}
	return a.done(nil, "Give the link to %s; it is shown this once.", v.Email)
}

func (a *app) invitationsAccept() *cobra.Command {
	return a.verb("accept LINK", "Accept an invitation to your own address, as a user; who is none yet opens the link in a browser", needs("LINK"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			token := args[0]
			if u, err := url.Parse(token); err == nil && u.Query().Has("token") {
				token = u.Query().Get("token")
			}
			v, err := api.Invitations.Accept(cmd.Context(), token)
			return a.invitation(v, err)
		})
}

func (a *app) datasetsInvite() *cobra.Command {
	return a.verb("invite DATASET EMAIL PERMISSION", "Share a dataset with an address that is nobody's yet: view, tag, edit or manage",
		needs("DATASET", "EMAIL", "PERMISSION"), func(cmd *cobra.Command, api *client.Client, args []string) error {
			v, err := api.Datasets.Invite(cmd.Context(), args[0], args[1], sb.Permission(args[2]))
			return a.invitation(v, err)
		})
}

func (a *app) datasetsInvitations() *cobra.Command {
	var l inviting
	return l.flags(a.verb("invitations DATASET", "List whom you invited to a dataset; for admins, whom anybody did", needs("DATASET"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.listInvitations(cmd, l, func(ctx context.Context, l client.InvitationList) (client.Page[client.Invitation], error) {
				return api.Datasets.Invitations(ctx, args[0], l)
			})
		}))
}

func (a *app) datasetsUninvite() *cobra.Command {
	return a.verb("uninvite DATASET INVITATION", "Take back an invitation to a dataset, named by its id", needs("DATASET", "INVITATION"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(api.Datasets.Uninvite(cmd.Context(), args[0], args[1]), "Invitation %s is taken back.", args[1])
		})
}
