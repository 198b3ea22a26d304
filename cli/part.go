package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// part are the flags that say on which part of a dataset an operator works.
type part struct {
	view, selection string
}

func (p *part) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.view, "view", "", "the part of the dataset: JSON, a file that holds it, or -")
	cmd.Flags().StringVar(&p.selection, "selection", "", `what is selected in the view, for operators of FiftyOne: JSON such as {"samples": ["6745…"]}, a file that holds it, or -`)
}

// read gives what the flags say, nil for what they do not.
func (p part) read(cmd *cobra.Command, stdin io.Reader) (view json.RawMessage, selection *sb.Selection, err error) {
	if p.view != "" {
		if view, err = document(cmd, stdin, "--view", p.view); err != nil {
			return nil, nil, err
		}
	}
	if p.selection == "" {
		return view, nil, nil
	}
	text, err := document(cmd, stdin, "--selection", p.selection)
	if err == nil {
		selection = &sb.Selection{}
		err = fill(cmd, "--selection", text, selection, `a JSON object with "samples", "labels" or both`)
	}
	return view, selection, err
}
