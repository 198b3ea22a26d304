package cli

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

// setting is one of the organisation's settings: how its value is shown, and how it is read from the command line.
type setting struct {
	name string
	show func(client.Settings) string
	read func(string) (any, error) // nil: text as it is
}

var settings = []setting{
	{"default_user_role", func(s client.Settings) string { return string(s.DefaultUserRole) }, nil},
	{"default_dataset_permission", func(s client.Settings) string { return string(s.DefaultDatasetPermission) }, nil},
	{"default_operator_minimum_role", func(s client.Settings) string { return string(s.DefaultOperatorMinimumRole) }, nil},
	{"default_operator_minimum_dataset_permission", func(s client.Settings) string { return string(s.DefaultOperatorMinimumDatasetPermission) }, nil},
	{"all_runs_minimum_role", func(s client.Settings) string { return string(s.AllRunsMinimumRole) }, nil},
	{"api_key_roles", func(s client.Settings) string { return cmp.Or(commas(s.APIKeyRoles), "(none)") }, roleList},
	{"just_in_time_users", func(s client.Settings) string { return strconv.FormatBool(s.JustInTimeUsers) }, boolean},
}

func commas(roles []sb.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}

func roleList(text string) (any, error) {
	list := []string{}
	for role := range strings.SplitSeq(text, ",") {
		if role = strings.TrimSpace(role); role != "" {
			list = append(list, role)
		}
	}
	return list, nil
}

func boolean(text string) (any, error) { return strconv.ParseBool(text) }

func anySetting(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return misuse(cmd, "NAME=VALUE is missing")
	}
	return nil
}

func settingsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "settings", "The settings of the organisation")
	var dry bool
	set := a.verb("set NAME=VALUE...", "Change settings; they count from the next request", anySetting,
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			changes, err := settingChanges(cmd, args)
			if err != nil {
				return err
			}
			if dry {
				e, err := api.Organisation.ForeseeSettings(cmd.Context(), changes)
				return a.settingsEffect(e, err)
			}
			s, err := api.Organisation.SetSettings(cmd.Context(), changes)
			return a.settings(s, err)
		})
	set.Flags().BoolVar(&dry, "dry-run", false, "change nothing; tell which roles would gain or lose what, and how many people and keys that are")
	set.Example = "  signalbox settings set default_user_role=guest api_key_roles=member,admin"
	set.ValidArgsFunction = func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, s := range settings {
			names = append(names, s.name+"=")
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	cmd.AddCommand(set, a.verb("show", "Show the settings", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		s, err := api.Organisation.Settings(cmd.Context())
		return a.settings(s, err)
	}))
	return cmd
}

// settingChanges reads NAME=VALUE; what a value may be, the server says.
func settingChanges(cmd *cobra.Command, args []string) (map[string]any, error) {
	changes := map[string]any{}
	for _, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		name = strings.ReplaceAll(name, "-", "_")
		i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
		if i < 0 || !given {
			return nil, misuse(cmd, "a setting is NAME=VALUE with a name of `signalbox settings show`, not %q", arg)
		}
		changes[name] = value
		if read := settings[i].read; read != nil {
			v, err := read(value)
			if err != nil {
				return nil, misuse(cmd, "%s is true or false, not %q", name, value)
			}
			changes[name] = v
		}
	}
	return changes, nil
}

func (a *app) settingsEffect(e client.SettingsEffect, err error) error {
	if err != nil {
		return err
	}
	if a.json() {
		return a.writeJSON(e)
	}
	if len(e.Gain)+len(e.Lose) == 0 {
		return a.done(nil, "Nobody would gain or lose anything now.")
	}
	for i, list := range [][]client.RoleRight{e.Lose, e.Gain} {
		if len(list) == 0 {
			continue
		}
		head, rows := rowsOf(list, []column[client.RoleRight]{
			{[]string{"would lose", "would gain"}[i], func(r client.RoleRight) string { return string(r.Role) }},
			{"the right", func(r client.RoleRight) string { return r.Right }},
			{"users", func(r client.RoleRight) string { return strconv.Itoa(r.Users) }},
			{"service accounts", func(r client.RoleRight) string { return strconv.Itoa(r.ServiceAccounts) }},
			{"keys", func(r client.RoleRight) string { return strconv.Itoa(r.Keys) }},
		})
		if err := a.writeItems(head, rows, ""); err != nil {
			return err
		}
	}
	return a.done(nil, "Nothing was changed.")
}

func (a *app) settings(s client.Settings, err error) error {
	if err != nil {
		return err
	}
	fields := make([]field, 0, len(settings))
	for _, one := range settings {
		fields = append(fields, field{one.name, one.show(s)})
	}
	return a.show(s, fields...)
}
