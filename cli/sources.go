package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func sourcesCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "sources", "FiftyOne databases: their datasets, and what their Apps queue")
	cmd.Aliases = []string{"source"}
	cmd.AddCommand(a.sourcesList(), a.sourcesAdd(), a.sourcesSet(),
		a.verb("remove SOURCE", "Remove a source without open runs; its datasets here go, its data stays", needs("SOURCE"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				return a.done(api.Sources.Delete(cmd.Context(), args[0]), "Source %s is removed.", args[0])
			}),
		a.verb("show SOURCE", "Show a source, and how it goes", needs("SOURCE"),
			func(cmd *cobra.Command, api *client.Client, args []string) error {
				s, err := api.Sources.Get(cmd.Context(), args[0])
				return a.source(s, err)
			}))
	for _, verb := range cmd.Commands() {
		if verb.Name() != "list" && verb.Name() != "add" {
			verb.ValidArgsFunction = a.complete(sourceNames)
		}
	}
	return cmd
}

func sourceNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Sources.List(ctx, client.Paging{})
	return namesOf(p, err, func(s client.Source) string { return s.Name })
}

func (a *app) sourcesList() *cobra.Command {
	var p paging
	return p.flags(a.verb("list", "List the sources", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return list(cmd, a, p, "There is no source.", api.Sources.List, []column[client.Source]{
			{"name", func(s client.Source) string { return printable(s.Name) }},
			{"database", func(s client.Source) string { return printable(s.Database) }},
			{"intake", func(s client.Source) string { return yes(s.Intake) }},
			{"mirror", func(s client.Source) string { return yes(s.Mirror) }},
			{"datasets", func(s client.Source) string { return strconv.Itoa(s.State.Datasets) }},
			{"state", sourceState},
		})
	}))
}

// sourceState tells how a source goes, in a few words.
func sourceState(s client.Source) string {
	switch {
	case s.State.Trouble != "":
		return printable(s.State.Trouble)
	case !s.State.Connected:
		return "not asked yet"
	case s.State.Streams:
		return "followed"
	}
	return "polled"
}

func (a *app) source(s client.Source, err error) error {
	if err != nil {
		return err
	}
	fields := []field{
		{"Name", printable(s.Name)},
		{"ID", s.ID},
		{"Database", printable(s.Database)},
		{"Principal", printable(s.Principal)},
		{"Default access", string(s.DefaultPermission)},
		{"Intake", yes(s.Intake)},
		{"Mirror", yes(s.Mirror)},
		{"Pools", printable(strings.Join(s.Pools, ", "))},
	}
	for _, r := range s.Rules {
		fields = append(fields, field{"Rule", printable(allOr(r.Operators)) + " on " + printable(allOr(r.Datasets)) + " to " + printable(r.Orchestrator)})
	}
	return a.show(s, append(fields,
		field{"State", sourceState(s)},
		field{"Last answer", a.agoOf(s.State.SeenAt)},
		field{"MongoDB", printable(s.State.Server)},
		field{"Datasets", strconv.Itoa(s.State.Datasets)},
		field{"Operations", strconv.Itoa(s.State.Operations)},
	)...)
}

func allOr(patterns []string) string {
	if len(patterns) == 0 {
		return "*"
	}
	return strings.Join(patterns, ", ")
}

// sourceFlags say what a source becomes. Its address is no argument: it holds credentials, and arguments show in the shell's
// history and to everybody on the machine.
type sourceFlags struct {
	name, uriFile, database, principal, permission, rules string
	pools, rule                                           []string
	intake, mirror, uri                                   bool
}

func (f *sourceFlags) flags(cmd *cobra.Command) *cobra.Command {
	flags := cmd.Flags()
	flags.StringVar(&f.uriFile, "uri-file", "", "file with the address of the MongoDB, such as mongodb://user:password@host/; - is standard input")
	flags.StringVar(&f.principal, "principal", "", "service account on whose behalf operations are taken whose submitter is not known")
	flags.StringVar(&f.permission, "default-access", "", "what Members have on its datasets without a grant: none, view, tag, edit or manage")
	flags.BoolVar(&f.intake, "intake", false, "whether operations that an App queues are taken")
	flags.BoolVar(&f.mirror, "mirror", false, "whether runs scheduled here are shown there")
	flags.StringArrayVar(&f.pools, "pool", nil, "where its address may go: orchestrator/pool, or an orchestrator that is not builtin; all of them")
	flags.StringArrayVar(&f.rule, "rule", nil, "where something runs, as operators=orchestrator, such as @acme/*=airflow; all of them, in order")
	flags.StringVar(&f.rules, "rules", "", "all rules: a JSON array, a file that holds one, or - for standard input")
	return cmd
}

func (a *app) sourcesAdd() *cobra.Command {
	var f sourceFlags
	cmd := f.flags(a.verb("add NAME", "Register a FiftyOne database; its address is asked for, or read from standard input", needs("NAME"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p, err := f.patch(a, cmd)
			if err != nil {
				return err
			}
			if p.Name = args[0]; p.URI == "" {
				if p.URI, err = a.secretValue("the address", ""); err != nil {
					return err
				}
			}
			s, err := api.Sources.Create(cmd.Context(), p)
			return a.source(s, err)
		}))
	cmd.Flags().StringVar(&f.database, "database", "fiftyone", "the database's name in MongoDB")
	return cmd
}

func (a *app) sourcesSet() *cobra.Command {
	var f sourceFlags
	cmd := f.flags(a.verb("set SOURCE", "Change a source: its address, principal, pools, rules, or what it takes and shows", needs("SOURCE"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p, err := f.patch(a, cmd)
			if err != nil {
				return err
			}
			if f.uri {
				if p.URI, err = a.secretValue("the address", ""); err != nil {
					return err
				}
			}
			p.Name = f.name
			s, err := api.Sources.Patch(cmd.Context(), args[0], p)
			return a.source(s, err)
		}))
	cmd.Flags().StringVar(&f.name, "name", "", "another name")
	cmd.Flags().BoolVar(&f.uri, "uri", false, "ask for another address")
	cmd.Flags().StringVar(&f.database, "database", "", "another database; the datasets of before go here, with their grants")
	return cmd
}

// patch is what the flags say.
func (f *sourceFlags) patch(a *app, cmd *cobra.Command) (p client.SourcePatch, err error) {
	given := cmd.Flags().Changed
	p = client.SourcePatch{
		Database: f.database, Principal: set(given("principal"), f.principal), DefaultPermission: set(given("default-access"), sb.Permission(f.permission)),
		Intake: set(given("intake"), f.intake), Mirror: set(given("mirror"), f.mirror), Pools: set(given("pool"), f.pools),
	}
	if f.uriFile != "" {
		if p.URI, err = a.secretValue("the address", f.uriFile); err != nil {
			return p, err
		}
	}
	rules, err := f.newRules(a, cmd)
	p.Rules = set(given("rule") || given("rules"), rules)
	return p, err
}

func (f *sourceFlags) newRules(a *app, cmd *cobra.Command) ([]sb.SourceRuleWords, error) {
	rules := []sb.SourceRuleWords{}
	if f.rules != "" {
		text, err := document(cmd, a.Stdin, "--rules", f.rules)
		if err != nil {
			return nil, err
		}
		want := `a JSON array, such as [{"operators": ["@acme/*"], "datasets": ["train-*"], "orchestrator": "airflow"}]`
		if err := fill(cmd, "--rules", text, &rules, want); err != nil {
			return nil, err
		}
	}
	for _, one := range f.rule {
		operators, orchestrator, ok := strings.Cut(one, "=")
		if !ok || operators == "" || orchestrator == "" {
			return nil, misuse(cmd, "--rule is operators=orchestrator, not %q", one)
		}
		rules = append(rules, sb.SourceRuleWords{Operators: strings.Split(operators, ","), Orchestrator: orchestrator})
	}
	return rules, nil
}
