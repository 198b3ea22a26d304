package store

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	sb "signalbox"
)

const longestCursor = 2048

// runCursor is where a list of runs goes on: behind the run with these keys, in this order.
type runCursor struct {
	Sort     sb.RunSort `json:"s"`
	At       int64      `json:"t"` // the key of the order, in microseconds
	Operator string     `json:"o,omitempty"`
	ID       string     `json:"i"`
}

func (c runCursor) String() string { return writeCursor(c) }

// readRunCursor reads a cursor for an order; "" is the beginning: nil. Anything that this program did not write for that
// order is Invalid.
func readRunCursor(text string, sort sb.RunSort) (*runCursor, error) {
	if text == "" {
		return nil, nil
	}
	var c runCursor
	if err := readCursor(text, &c); err != nil {
		return nil, err
	}
	if c.Sort != sort || !slices.Contains(sb.RunSorts, c.Sort) || c.ID == "" {
		return nil, badCursor()
	}
	return &c, nil
}

// CursorAfter gives the cursor of the page that begins behind a run, "" for an order that does not exist. The run needs
// its id, its operator and its times only.
func CursorAfter(sort sb.RunSort, r sb.Run) string {
	o, ok := orders[sort]
	if !ok {
		return ""
	}
	return o.cursor(r).String()
}

// nameCursor is where a list by name goes on.
type nameCursor struct {
	Name string `json:"n"`
	ID   string `json:"i,omitempty"`
}

func (c nameCursor) String() string { return writeCursor(c) }

func readNameCursor(text string) (c nameCursor, err error) {
	if text == "" {
		return c, nil
	}
	if err := readCursor(text, &c); err != nil || c.Name == "" {
		return nameCursor{}, badCursor()
	}
	return c, nil
}

func writeCursor(v any) string {
	b, _ := json.Marshal(v) // texts and numbers only
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(text string, v any) error {
	if len(text) > longestCursor {
		return badCursor()
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, v) != nil {
		return badCursor()
	}
	return nil
}

func badCursor() error {
	return sb.Faulty("the cursor is not one of this list", sb.Fault{
		Location: "query.cursor", Message: "take next_cursor of the page before, with the same sort",
	})
}
