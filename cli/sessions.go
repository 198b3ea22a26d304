package cli

import (
	"cmp"

	"github.com/spf13/cobra"

	"signalbox/client"
)

func sessionsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "sessions", "Who is logged in")
	cmd.Aliases = []string{"session"}
	var s searching
	all := s.flags(a.verb("list", "List everybody's sessions, newest first", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, s.paging, "There is no such session.", found(&s, api.Sessions.List), []column[client.UserSession]{
			{"id", func(v client.UserSession) string { return v.ID }},
			{"user", func(v client.UserSession) string { return printable(v.User.Name) }},
			{"role", func(v client.UserSession) string { return string(v.User.Role) }},
			{"login", func(v client.UserSession) string { return cmp.Or(printable(v.Provider), "demonstration") }},
			{"address", func(v client.UserSession) string { return printable(v.Address) }},
			{"last seen", func(v client.UserSession) string { return a.ago(v.SeenAt) }},
		})
	}), "those of users whose name or email holds this text")
	ofUser := a.verb("end-all USER", "Log a user out everywhere; yourself everywhere else", needs("USER"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(api.Sessions.EndOf(cmd.Context(), args[0]), "%s is logged out. API keys go on to work.", args[0])
		})
	ofUser.ValidArgsFunction = a.complete(userNames)
	cmd.AddCommand(all, ofUser, a.verb("end SESSION", "End a session at once, named by its id", needs("SESSION"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			return a.done(api.Sessions.End(cmd.Context(), args[0]), "Session %s is ended.", args[0])
		}))
	return cmd
}
