package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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

// document reads the JSON that a flag or argument gives: itself, a file (with or without @ before it), or standard
// input.
func document(cmd *cobra.Command, stdin io.Reader, what, from string) (json.RawMessage, error) {
	text, err := source(stdin, from)
	if err != nil {
		return nil, err
	}
	if text = bytes.TrimSpace(text); !jsontext.Value(text).IsValid() {
		return nil, misuse(cmd, "%s holds no JSON, or a key twice", what)
	}
	return text, nil
}

func source(stdin io.Reader, from string) ([]byte, error) {
	switch {
	case from == "-":
		text, err := io.ReadAll(stdin)
		if err != nil {
			return nil, sb.Wrap(err, sb.Invalid, "standard input cannot be read")
		}
		return text, nil
	case strings.HasPrefix(from, "@"):
		return readFile(from[1:])
	case json.Valid([]byte(from)) || strings.ContainsAny(from, "{[\""):
		return []byte(from), nil
	default:
		return readFile(from)
	}
}

func readFile(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "%s cannot be read", name)
	}
	return text, nil
}
