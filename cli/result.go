package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	sb "signalbox"
	"signalbox/client"
)

// outcome shows how a run ended: its result, or its failure with the stack.
func (a *app) outcome(r client.Run) error {
	if r.Status == sb.Completed {
		return a.result(r.Result)
	}
	f := deref(r.Failure)
	p := a.paint(a.Stdout)
	text := p.in(red, "Failed") + " (" + string(f.Kind) + "): " + printable(f.Message) + printable(a.workLeft(r)) + "\n"
	if f.Stack != "" {
		text += "\n" + strings.TrimRight(printableLines(f.Stack), "\n") + "\n"
	}
	_, err := io.WriteString(a.Stdout, text)
	return err
}

// result shows a result for people: lists of objects as tables, all else as JSON.
func (a *app) result(text json.RawMessage) error {
	if none(text) {
		return nil
	}
	if rows, ok := objects(text); ok {
		return a.objectTable(rows)
	}
	names, members, ok := membersOf(text)
	if !ok {
		_, err := fmt.Fprintln(a.Stdout, pretty(text))
		return err
	}
	for _, name := range names {
		if err := a.member(name, members[name]); err != nil {
			return err
		}
	}
	return nil
}

// member shows one member of a result that is an object.
func (a *app) member(name string, value json.RawMessage) error {
	rows, ok := objects(value)
	if !ok {
		_, err := fmt.Fprintf(a.Stdout, "%s: %s\n", printable(name), pretty(value))
		return err
	}
	if _, err := fmt.Fprintf(a.Stdout, "%s:\n", printable(name)); err != nil {
		return err
	}
	return a.objectTable(rows)
}

// objects reads a list of objects that is not empty.
func objects(text json.RawMessage) ([]json.RawMessage, bool) {
	var rows []json.RawMessage
	if json.Unmarshal(text, &rows) != nil || len(rows) == 0 {
		return nil, false
	}
	for _, r := range rows {
		if !bytes.HasPrefix(bytes.TrimSpace(r), []byte("{")) {
			return nil, false
		}
	}
	return rows, true
}

// membersOf reads an object with the order of its members.
func membersOf(text json.RawMessage) (names []string, members map[string]json.RawMessage, ok bool) {
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	_, _ = d.Token() // the brace
	for d.More() {
		name, _ := d.Token()
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return nil, nil, false
		}
		if s, isText := name.(string); isText && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names, members, true
}

// objectTable shows objects as rows, with a column for each member that any of them has.
func (a *app) objectTable(objects []json.RawMessage) error {
	var head []string
	var read []map[string]json.RawMessage
	for _, o := range objects {
		names, members, _ := membersOf(o)
		for _, name := range names {
			if !slices.Contains(head, name) {
				head = append(head, name)
			}
		}
		read = append(read, members)
	}
	rows := make([][]string, len(read))
	for i, members := range read {
		for _, name := range head {
			rows[i] = append(rows[i], cell(members[name]))
		}
	}
	titles := make([]string, len(head))
	for i, name := range head {
		titles[i] = printable(name)
	}
	return writeTable(a.Stdout, a.Terminal(a.Stdout), titles, rows)
}

// cell is a JSON value in a table: text without its quotes, nothing for null.
func cell(value json.RawMessage) string {
	var text string
	switch {
	case none(value):
		return ""
	case json.Unmarshal(value, &text) == nil:
		return printable(text)
	default:
		return printable(string(value))
	}
}
