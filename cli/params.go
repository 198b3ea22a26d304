package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// params are the flags that say what a run works with.
type params struct {
	whole  string
	single []string
}

func (p *params) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.whole, "params", "", "all params: a JSON object, a file that holds one, or - for standard input")
	cmd.Flags().StringArrayVarP(&p.single, "param", "p", nil, "one param as name=value; the value is JSON if it reads as JSON, else text")
}

// read gives the params as one JSON object, nil when none was given. Single ones win over the whole.
func (p params) read(cmd *cobra.Command, stdin io.Reader) (json.RawMessage, error) {
	if p.whole == "" && len(p.single) == 0 {
		return nil, nil
	}
	all := map[string]json.RawMessage{}
	if p.whole != "" {
		text, err := document(cmd, stdin, "--params", p.whole)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &all); err != nil || all == nil {
			return nil, misuse(cmd, `--params must hold a JSON object, such as {"name": "World"}`)
		}
	}
	for _, one := range p.single {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, misuse(cmd, "--param is name=value, not %q", one)
		}
		all[name] = valueOf(value)
	}
	return encode(all)
}

// valueOf is JSON as it stands, and any other text as a JSON string.
func valueOf(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, _ := encode(text) // a string can always be written
	return quoted
}

func encode(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "this cannot be written as JSON")
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
