package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"signalbox/client"
)

func operatorsCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "operators", "What you may run")
	cmd.Aliases = []string{"operator"}
	cmd.AddCommand(a.operatorsList(), a.operatorsShow(), a.operatorsForm())
	return cmd
}

func operatorNames(ctx context.Context, api *client.Client) ([]string, error) {
	p, err := api.Operators.List(ctx, client.OperatorFilter{})
	return namesOf(p, err, func(o client.Operator) string { return o.URI })
}

func (a *app) operatorsList() *cobra.Command {
	var f client.OperatorFilter
	cmd := a.verb("list", "List the operators you may run", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		page := func(ctx context.Context, p client.Paging) (client.Page[client.Operator], error) {
			f.Paging = p
			return api.Operators.List(ctx, f)
		}
		columns := []column[client.Operator]{
			{"operator", func(o client.Operator) string { return printable(o.URI) }},
			{"label", func(o client.Operator) string { return printable(o.Label) }},
		}
		if f.All {
			columns = append(columns,
				column[client.Operator]{"not to be run because", func(o client.Operator) string { return printable(deref(o.WhyNot)) }},
				column[client.Operator]{"not loadable because", func(o client.Operator) string { return printable(deref(o.NotLoadable)) }})
		}
		return list(cmd, a, paging{}, "There is no operator you may run.", page, columns)
	})
	cmd.Flags().StringVar(&f.Dataset, "dataset", "", "those you may run on this dataset")
	cmd.Flags().StringVar(&f.Search, "search", "", "those with this text in the URI or the label")
	cmd.Flags().BoolVar(&f.All, "all", false, "also those you may not run, and why not")
	_ = cmd.RegisterFlagCompletionFunc("dataset", a.complete(datasetNames))
	return cmd
}

func (a *app) operatorsShow() *cobra.Command {
	var dataset string
	cmd := a.verb("show OPERATOR", "Show an operator and its inputs", needs("OPERATOR"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		o, err := api.Operators.Get(cmd.Context(), args[0], dataset)
		if err != nil {
			return err
		}
		return a.show(o,
			field{"Operator", printable(o.URI)}, field{"Label", printable(o.Label)}, field{"Plugin", printable(o.Plugin)},
			field{"Not to be run because", printable(deref(o.WhyNot))}, field{"Not loadable because", printable(deref(o.NotLoadable))}, field{"Orchestrators", namesIn(o.Orchestrators)},
			field{"Inputs", pretty(o.InputsSchema)})
	})
	cmd.Flags().StringVar(&dataset, "dataset", "", "on this dataset")
	cmd.ValidArgsFunction = a.complete(operatorNames)
	return cmd
}

func (a *app) operatorsForm() *cobra.Command {
	var ask client.FormAsk
	var p params
	var of part
	cmd := a.verb("form OPERATOR", "Ask an operator for its form: what may be entered, and what is wrong with what was", needs("OPERATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) (err error) {
			if ask.Params, err = p.read(cmd, a.Stdin); err != nil {
				return err
			}
			if ask.View, ask.Selection, err = of.read(cmd, a.Stdin); err != nil {
				return err
			}
			form, err := api.Operators.Form(cmd.Context(), args[0], ask)
			if err != nil {
				return err
			}
			return a.showForm(form)
		})
	f := cmd.Flags()
	f.StringVar(&ask.Dataset, "dataset", "", "on this dataset")
	of.flags(cmd)
	p.flags(cmd)
	cmd.ValidArgsFunction = a.complete(operatorNames)
	_ = cmd.RegisterFlagCompletionFunc("dataset", a.complete(datasetNames))
	return cmd
}

func (a *app) showForm(f client.Form) error {
	var inputs, failure, wrong string
	if f.InputsSchema != nil {
		inputs = pretty(f.InputsSchema.Schema)
	}
	if f.Failure != nil {
		failure = printableLines(strings.TrimSpace(f.Failure.Message + "\n" + f.Failure.Stack))
	}
	for _, e := range f.Errors {
		wrong += printable(e.Location+": "+e.Message) + "\n"
	}
	return a.show(f,
		field{"Operator", printable(f.Operator)}, field{"Label", printable(f.Label)}, field{"Gave no form", failure},
		field{"Wrong", strings.TrimSpace(wrong)}, field{"Depends on the params", map[bool]string{true: "yes"}[f.Dynamic]},
		field{"Not shown as it is", printable(strings.Join(f.Unmapped, ", "))},
		field{"Warning", printableLines(deref(f.Warning))}, field{"Inputs", inputs})
}

// pretty is JSON over several lines, "" for none.
func pretty(document json.RawMessage) string {
	var out bytes.Buffer
	if none(document) || json.Indent(&out, document, "", "  ") != nil {
		return ""
	}
	return printableLines(out.String())
}

func none(document json.RawMessage) bool {
	return len(document) == 0 || string(document) == "null"
}

func namesIn(all []client.Who) string {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = printable(w.Name)
	}
	return strings.Join(names, ", ")
}
