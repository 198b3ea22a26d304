package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// Document keeps the JSON that a value was read from, so that it can be shown exactly as the server gave it, with
// fields this client does not know.
type Document struct {
	JSON json.RawMessage `json:"-"`
}

// MarshalJSON gives the document as it came.
func (d Document) MarshalJSON() ([]byte, error) {
	if d.JSON == nil {
		return []byte("null"), nil
	}
	return d.JSON, nil
}

// keep reads a value and keeps the text it came from.
func keep(b []byte, into any, text *json.RawMessage) error {
	*text = append(json.RawMessage(nil), b...)
	return json.Unmarshal(b, into)
}

// Page is one page of a list. Next is the cursor of the page after it, nil when there is none.
type Page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next_cursor"`
}

// Paging says which page to read. Zero is the first one of the server's default size.
type Paging struct {
	Limit  int // at most 500
	Cursor string
}

func (p Paging) into(q url.Values) url.Values {
	if q == nil {
		q = url.Values{}
	}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		q.Set("cursor", p.Cursor)
	}
	return q
}

// All reads a list page by page, as far as it is ranged over. After an error it ends.
func All[T any](ctx context.Context, first Paging, page func(context.Context, Paging) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for at := first; ; {
			p, err := page(ctx, at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range p.Items {
				if !yield(item, nil) {
					return
				}
			}
			if p.Next == nil || *p.Next == "" || *p.Next == at.Cursor {
				return
			}
			at.Cursor = *p.Next
		}
	}
}
