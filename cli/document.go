package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	sb "signalbox"
)

// document reads the JSON that a flag or argument gives: itself, a file (with or without @ before it), or standard
// input.
func document(cmd *cobra.Command, stdin io.Reader, what, from string) (json.RawMessage, error) {
	text, err := source(stdin, from)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimRight(text, " \t\r\n") // the start stays, so that its lines are those of the file
	in := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := in.ReadValue(); err != nil {
		return nil, misuse(cmd, "%s: %s", what, unread(text, err))
	}
	if rest := bytes.TrimLeft(text[in.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, misuse(cmd, "%s: something follows the JSON at %s", what, placeIn(text, len(text)-len(rest)))
	}
	return bytes.TrimSpace(text), nil
}

// unread tells why a text is no JSON that everybody reads alike, and where.
func unread(text []byte, err error) string {
	var wrong *jsontext.SyntacticError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle of its JSON"
	case !errors.As(err, &wrong):
		return "it is no JSON"
	}
	at := placeIn(text, int(wrong.ByteOffset))
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Sprintf("the key %s is there twice, at %s", wrong.JSONPointer.LastToken(), at)
	}
	return fmt.Sprintf("it is no JSON at %s: %s", at, wrong.Err)
}

// placeIn names a place in a text as editors do.
func placeIn(text []byte, offset int) string {
	before := text[:min(offset, len(text))]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

// fill reads a document into what it says, with no key that is not known, or tells which part of it does not fit; want says
// what it should be.
func fill(cmd *cobra.Command, what string, text json.RawMessage, into any, want string) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	err := in.Decode(into)
	var misfit *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &misfit) && misfit.Field != "":
		return misuse(cmd, "%s: a %s does not fit at %s", what, misfit.Value, misfit.Field)
	}
	if _, key, unknown := strings.Cut(err.Error(), "unknown field "); unknown {
		return misuse(cmd, "%s: there is no field %s", what, key)
	}
	return misuse(cmd, "%s must hold %s", what, want)
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
