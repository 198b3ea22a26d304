package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

const (
	gap       = 2 // blanks between columns
	narrowest = 8 // no column is cut below this
)

// writeTable writes aligned rows. Columns are cut, the widest first, until a row fits the width; 0 is no limit.
func writeTable(w io.Writer, width int, head []string, rows [][]string) error {
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	if head != nil {
		t.AppendHeader(row(head))
	}
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	t.SetColumnConfigs(columns(fit(widths(head, rows), width)))
	var out strings.Builder
	for line := range strings.Lines(t.Render()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if len(rows) > 0 && !strings.HasSuffix(out.String(), "\n") {
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func plainStyle() table.Style {
	s := table.StyleDefault
	s.Box = table.BoxStyle{PaddingRight: strings.Repeat(" ", gap)}
	s.Options = table.OptionsNoBordersAndSeparators
	s.Format.Header = text.FormatUpper
	return s
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}

func widths(head []string, rows [][]string) []int {
	most := make([]int, 0, 8)
	for _, r := range append([][]string{head}, rows...) {
		for i, cell := range r {
			if i == len(most) {
				most = append(most, 1)
			}
			most[i] = max(most[i], text.StringWidthWithoutEscSequences(cell))
		}
	}
	return most
}

// fit makes columns narrower, always the widest one, until all fit or none can be narrower.
func fit(columns []int, width int) []int {
	if width <= 0 || len(columns) == 0 {
		return columns
	}
	total := gap * len(columns)
	for _, c := range columns {
		total += c
	}
	for ; total > width; total-- {
		widest := 0
		for i, c := range columns {
			if c > columns[widest] {
				widest = i
			}
		}
		if columns[widest] <= narrowest {
			break
		}
		columns[widest]--
	}
	return columns
}

func columns(widths []int) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, len(widths))
	for i, w := range widths {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: w, WidthMaxEnforcer: func(cell string, most int) string {
			return text.Snip(cell, most, "…")
		}}
	}
	return configs
}

// column is one of a list's columns: its title, and its text for an item.
type column[T any] struct {
	title string
	of    func(T) string
}

func (a *app) writeItems(head []string, rows [][]string, empty string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.Stderr, empty)
		return err
	}
	return writeTable(a.Stdout, a.Terminal(a.Stdout), head, rows)
}

func rowsOf[T any](items []T, columns []column[T]) (head []string, rows [][]string) {
	for _, c := range columns {
		head = append(head, c.title)
	}
	for _, item := range items {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.of(item)
		}
		rows = append(rows, cells)
	}
	return head, rows
}

// field is a line of a thing's description. Fields without a value are left out.
type field struct{ name, value string }

// show writes a thing: as the API's JSON, or as lines of name and value.
func (a *app) show(document any, fields ...field) error {
	if a.json() {
		return a.writeJSON(document)
	}
	var rows [][]string
	for _, f := range fields {
		if f.value != "" {
			rows = append(rows, []string{f.name + ":", f.value})
		}
	}
	return writeTable(a.Stdout, 0, nil, rows)
}

// writeJSON writes one document, in the API's order of fields.
func (a *app) writeJSON(document any) error {
	var text, out bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		return sb.Wrap(err, sb.Internal, "the answer cannot be written as JSON")
	}
	if err := json.Indent(&out, text.Bytes(), "", "  "); err != nil {
		return sb.Wrap(err, sb.Internal, "the answer cannot be written as JSON")
	}
	_, err := a.Stdout.Write(out.Bytes())
	return err
}

// paging are the flags of a list.
type paging struct {
	client.Paging
	all bool
}

func (p *paging) flags(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.IntVar(&p.Limit, "limit", 0, "how many to list at once (the server's default is 50, the most 500)")
	f.StringVar(&p.Cursor, "cursor", "", "go on where an earlier list said")
	f.BoolVar(&p.all, "all", false, "list all, page after page")
	return cmd
}

// list shows a page of a list, or all of it.
func list[T any](
	cmd *cobra.Command, a *app, p paging, empty string,
	page func(context.Context, client.Paging) (client.Page[T], error), columns []column[T],
) error {
	if cmd.Flags().Changed("limit") && (p.Limit < 1 || p.Limit > sb.MaxLimit) {
		return misuse(cmd, "--limit is from 1 to %d, not %d", sb.MaxLimit, p.Limit)
	}
	got, err := pages(cmd.Context(), p, page)
	if err != nil {
		return err
	}
	if a.json() {
		return a.writeJSON(got)
	}
	head, rows := rowsOf(got.Items, columns)
	if err := a.writeItems(head, rows, empty); err != nil {
		return err
	}
	if got.Next != nil && *got.Next != "" {
		_, err = fmt.Fprintf(a.Stderr, "There are more: --cursor %s, or --all.\n", printable(*got.Next))
	}
	return err
}

func pages[T any](ctx context.Context, p paging, page func(context.Context, client.Paging) (client.Page[T], error)) (client.Page[T], error) {
	if !p.all {
		got, err := page(ctx, p.Paging)
		if got.Items == nil {
			got.Items = []T{}
		}
		return got, err
	}
	if p.Limit == 0 {
		p.Limit = sb.MaxLimit
	}
	got := client.Page[T]{Items: []T{}}
	for item, err := range client.All(ctx, p.Paging, page) {
		if err != nil {
			return got, err
		}
		got.Items = append(got.Items, item)
	}
	return got, nil
}
