package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func pluginsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "plugins", "Plugins and what their operators demand")
	cmd.Aliases = []string{"plugin"}
	known := []*cobra.Command{
		a.pluginVerb("show PLUGIN", "Show a plugin and its operators", client.Plugins.Get),
		a.pluginVerb("enable PLUGIN", "Let its operators be run", enabling(true)),
		a.pluginVerb("disable PLUGIN", "Keep its operators from being run", enabling(false)),
		a.revisions(), a.rollback(), a.download(), a.setOperator(),
		a.verb("uninstall PLUGIN", "Remove a plugin; its scheduled runs are rejected", needs("PLUGIN"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Plugins.Uninstall(cmd.Context(), args[0]), "Plugin %s is uninstalled.", args[0])
			}),
	}
	for _, verb := range known {
		verb.ValidArgsFunction = a.complete(pluginNames)
	}
	cmd.AddCommand(a.pluginsList(), a.install(), a.try(), a.export(), a.writeAppPlugin())
	cmd.AddCommand(known...)
	return cmd
}

func pluginNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Plugins.List(ctx, client.Paging{Limit: sb.MaxLimit})
	return namesOf(p, err, func(p client.Plugin) string { return p.Name })
}

func enabling(enabled bool) func(client.Plugins, context.Context, string) (client.Plugin, error) {
	return func(p client.Plugins, ctx context.Context, name string) (client.Plugin, error) {
		return p.Enable(ctx, name, enabled)
	}
}

func (a *app) pluginVerb(use, short string, f func(client.Plugins, context.Context, string) (client.Plugin, error)) *cobra.Command {
	return a.verb(use, short, needs("PLUGIN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		p, err := f(api.Plugins, cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return a.plugin(p)
	})
}

func (a *app) pluginsList() *cobra.Command {
	var p paging
	return p.flags(a.verb("list", "List the installed plugins", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, p, "No plugin is installed. Install one with `signalbox plugins install FOLDER`.", api.Plugins.List, []column[client.Plugin]{
			{"plugin", func(p client.Plugin) string { return printable(p.Name) }},
			{"version", func(p client.Plugin) string { return printable(p.Version) }},
			{"revision", func(p client.Plugin) string { return strconv.Itoa(p.Revision) }},
			{"enabled", func(p client.Plugin) string { return yes(p.Enabled) }},
			{"operators", func(p client.Plugin) string { return strconv.Itoa(len(p.Operators)) }},
			{"description", func(p client.Plugin) string { return printable(p.Description) }},
		})
	}))
}

// plugin shows a plugin with its operators.
func (a *app) plugin(p client.Plugin) error {
	err := a.show(p,
		field{"Plugin", printable(p.Name)}, field{"ID", p.ID}, field{"Version", printable(p.Version)},
		field{"Revision", strconv.Itoa(p.Revision)}, field{"Enabled", yes(p.Enabled)},
		field{"Description", printable(p.Description)}, field{"SHA-256", p.SHA256})
	if err != nil || a.json() || len(p.Operators) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(a.Stdout); err != nil {
		return err
	}
	head, rows := rowsOf(p.Operators, []column[client.PluginOperator]{
		{"operator", func(o client.PluginOperator) string { return printable(o.Name) }},
		{"label", func(o client.PluginOperator) string { return printable(o.Label) }},
		{"enabled", func(o client.PluginOperator) string { return yes(o.Enabled) }},
		{"from role", func(o client.PluginOperator) string { return string(o.MinimumRole) }},
		{"from permission", func(o client.PluginOperator) string { return string(o.MinimumDatasetPermission) }},
	})
	if err := a.writeItems(head, rows, ""); err != nil {
		return err
	}
	return a.environments(p.Environments)
}

// environments shows where a plugin was met in FiftyOne, and what could not be loaded there.
func (a *app) environments(met []client.Environment) error {
	p := a.paint(a.Stdout)
	for _, e := range met {
		where := e.Orchestrator.Name
		if e.Worker != "" {
			where += ", worker " + e.Worker
		}
		what := fmt.Sprintf("FiftyOne %s, Python %s", e.FiftyOne, e.Python)
		if e.FiftyOne == "" { // its process ended before it could say
			what = "FiftyOne"
		}
		lines := []string{"", printable(fmt.Sprintf("%s (%s), ", what, where)) + a.ago(e.SeenAt) + ":"}
		for _, o := range e.NotLoadable {
			lines = append(lines, "  "+p.in(red, printable(o.Operator))+" is declared, but not loadable: "+printable(o.Reason))
		}
		if len(e.NotLoadable) == 0 {
			lines = append(lines, "  all operators can be loaded")
		}
		for _, traceback := range e.Errors {
			for line := range strings.Lines(strings.TrimRight(traceback, "\n")) {
				lines = append(lines, "  | "+printable(strings.TrimRight(line, "\n")))
			}
		}
		if _, err := fmt.Fprintln(a.Stdout, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) install() *cobra.Command {
	var how client.Install
	var builtin string
	cmd := a.verb("install FOLDER|ZIP|-", "Install a plugin, or upgrade it with --overwrite", needs("[FOLDER|ZIP|-]"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			archive, err := a.archive(cmd, args, builtin)
			if err != nil {
				return err
			}
			defer func() { _ = archive.Close() }()
			done, err := api.Plugins.Install(cmd.Context(), archive, how)
			if sb.CodeOf(err) == sb.Conflict && !how.Overwrite {
				_ = a.done(nil, "To upgrade it, add --overwrite.")
			}
			if err != nil {
				return err
			}
			return a.installed(done, how)
		})
	cmd.Long = "Installs a plugin from a ZIP, from standard input (-) or from a folder, which is packed without " +
		strings.Join(pruned, ", ") + "."
	cmd.Flags().BoolVar(&how.Overwrite, "overwrite", false, "upgrade a plugin of that name")
	cmd.Flags().BoolVar(&how.DryRun, "dry-run", false, "only check, and tell what would change")
	cmd.Flags().StringVar(&builtin, "builtin", "", "install a plugin that comes with signalbox, such as dummy or imagestats")
	return cmd
}

// archive opens what is to be installed: a builtin plugin, a ZIP, a folder, or standard input.
func (a *app) archive(cmd *cobra.Command, args []string, builtin string) (io.ReadCloser, error) {
	switch {
	case builtin != "" && len(args) > 0, builtin == "" && len(args) == 0:
		return nil, misuse(cmd, "name a folder, a ZIP, - for standard input, or --builtin")
	case builtin != "":
		return a.builtin(cmd, builtin)
	case args[0] == "-":
		return io.NopCloser(a.Stdin), nil
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "%s cannot be read", args[0])
	}
	if info.IsDir() {
		return openFolder(args[0])
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "%s cannot be read", args[0])
	}
	return f, nil
}

func (a *app) builtin(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if a.Builtin == nil {
		return nil, misuse(cmd, "this program comes without plugins")
	}
	archive, names := a.Builtin(name)
	if archive == nil {
		return nil, misuse(cmd, "there is no builtin plugin %q; there are %s", name, strings.Join(names, ", "))
	}
	return io.NopCloser(bytes.NewReader(archive)), nil
}

// installed tells what was, or would be, installed.
func (a *app) installed(i client.Installed, how client.Install) error {
	if a.json() {
		return a.writeJSON(i)
	}
	did := map[bool]string{false: "Upgraded", true: "Installed"}[i.Created]
	if how.DryRun {
		did = map[bool]string{false: "Would upgrade", true: "Would install"}[i.Created]
	}
	if i.Unchanged {
		did = "Unchanged:"
	}
	lines := []string{fmt.Sprintf("%s %s %s, revision %d", did, i.Plugin.Name, i.Plugin.Version, i.Plugin.Revision)}
	for _, o := range i.Plugin.Operators {
		lines = append(lines, "  "+o.URI)
	}
	if how.DryRun && !i.Created && !how.Overwrite {
		lines = append(lines, "It is installed already: without --overwrite this would be refused.")
	}
	if len(i.Added) > 0 && !i.Created {
		lines = append(lines, "New operators: "+strings.Join(i.Added, ", "))
	}
	if len(i.Removed) > 0 {
		lines = append(lines, "Operators no longer there: "+strings.Join(i.Removed, ", "))
	}
	if i.Scheduled > 0 {
		lines = append(lines, fmt.Sprintf("%s scheduled before keep their revision.", count(i.Scheduled, "run")))
	}
	_, err := fmt.Fprintln(a.Stdout, printableLines(strings.Join(lines, "\n")))
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(int64(n)) + " " + what + "s"
}

func (a *app) revisions() *cobra.Command {
	var p paging
	return p.flags(a.verb("revisions PLUGIN", "List a plugin's uploads, newest first", needs("PLUGIN"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			page := func(ctx context.Context, p client.Paging) (client.Page[client.Revision], error) {
				return api.Plugins.Revisions(ctx, args[0], p)
			}
			return list(cmd, a, p, "There is no revision.", page, []column[client.Revision]{
				{"revision", func(r client.Revision) string { return strconv.Itoa(r.Revision) }},
				{"version", func(r client.Revision) string { return printable(r.Version) }},
				{"current", func(r client.Revision) string { return yes(r.Current) }},
				{"size", func(r client.Revision) string { return humanize.IBytes(uint64(max(r.Size, 0))) }},
				{"uploaded", func(r client.Revision) string { return a.ago(r.CreatedAt) }},
				{"by", func(r client.Revision) string { return printable(r.CreatedBy.Name) }},
				{"sha-256", func(r client.Revision) string { return r.SHA256 }},
			})
		}))
}

func (a *app) rollback() *cobra.Command {
	return a.verb("rollback PLUGIN REVISION", "Go back to an earlier revision; runs that are scheduled keep theirs", needs("PLUGIN", "REVISION"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return misuse(cmd, "a revision is a number, not %q", args[1])
			}
			p, err := api.Plugins.Rollback(cmd.Context(), args[0], n)
			if err != nil {
				return err
			}
			return a.plugin(p)
		})
}

func (a *app) download() *cobra.Command {
	var out string
	cmd := a.verb("download PLUGIN", "Save the ZIP of the current revision", needs("PLUGIN"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if out == "" {
				out = strings.ReplaceAll(strings.TrimPrefix(args[0], "@"), "/", "-") + ".zip"
			}
			return a.save(out, func(w io.Writer) error { return api.Plugins.Archive(cmd.Context(), args[0], w) })
		})
	cmd.Flags().StringVarP(&out, "file", "O", "", "where to; - is standard output")
	return cmd
}

func (a *app) setOperator() *cobra.Command {
	var enabled bool
	var role, permission string
	cmd := a.verb("set-operator PLUGIN OPERATOR", "Decide who may run an operator", needs("PLUGIN", "OPERATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p := client.OperatorPatch{
				Enabled: set(cmd.Flags().Changed("enabled"), enabled), MinimumRole: set(role != "", sb.Role(role)),
				MinimumDatasetPermission: set(permission != "", sb.Permission(permission)),
			}
			if p == (client.OperatorPatch{}) {
				return misuse(cmd, "say what to change: --enabled=true|false, --minimum-role or --minimum-dataset-permission")
			}
			o, err := api.Plugins.SetOperator(cmd.Context(), args[0], args[1], p)
			if err != nil {
				return err
			}
			return a.show(o, field{"Operator", printable(o.URI)}, field{"Enabled", yes(o.Enabled)},
				field{"From role", string(o.MinimumRole)}, field{"From permission", string(o.MinimumDatasetPermission)})
		})
	cmd.Flags().BoolVar(&enabled, "enabled", true, "whether it may be run at all")
	cmd.Flags().StringVar(&role, "minimum-role", "", "the least role that may run it")
	cmd.Flags().StringVar(&permission, "minimum-dataset-permission", "", "the least permission on the dataset it runs on")
	fixedOf(cmd, "minimum-role", sb.Roles)
	fixedOf(cmd, "minimum-dataset-permission", sb.Permissions)
	return a.foretelling(cmd)
}
