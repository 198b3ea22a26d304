package api

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// List is one page of a list. NextCursor is null on the last one.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"For the next page; null when there is none."`
}

// Paging are the parameters of every list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Most items of a page."`
	Cursor string `query:"cursor" maxLength:"2000" doc:"The next_cursor of the page before."`
}

// ByID is a path that ends in an id, or in the name where the thing has one.
type ByID struct {
	ID string `path:"id" maxLength:"600" doc:"Id, or name where it has one."`
}

// ByName is a path to something with a name.
type ByName struct {
	Name string `path:"name" maxLength:"600" doc:"Id or name."`
}

// none is the input, and the answer, of a route without any.
type none struct{}

// answer is an answer with a body.
type answer[T any] struct{ Body T }

func answerOf[T any](v T) *answer[T] { return &answer[T]{Body: v} }

// placed is the answer to what made something that has an address.
type placed[T any] struct {
	Location string `header:"Location"`
	Body     T
}

// decided is an answer whose status depends on what happened.
type decided[T any] struct {
	Status int
	Body   T
}

func listOf[S, T any](p sb.Page[S], show func(S) T) *answer[List[T]] {
	l := List[T]{Items: make([]T, 0, len(p.Items))}
	for _, item := range p.Items {
		l.Items = append(l.Items, show(item))
	}
	if p.Next != "" {
		l.NextCursor = &p.Next
	}
	return answerOf(l)
}

// cut makes a page of a whole list that is in the order of its keys, which are unique.
func cut[T any](all []T, key func(T) string, p Paging) (sb.Page[T], error) {
	rest, err := behind(all, key, p)
	return beginning(rest, key, p.Limit), err
}

// behind is what follows on the cursor in a list that is in the order of its keys.
func behind[T any](all []T, key func(T) string, p Paging) ([]T, error) {
	if p.Cursor == "" {
		return all, nil
	}
	after, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "query.cursor", Message: "take the next_cursor of the page before", Value: p.Cursor})
	}
	start, _ := slices.BinarySearchFunc(all, string(after), func(v T, after string) int {
		if key(v) > after {
			return 1
		}
		return -1
	})
	return all[start:], nil
}

// beginning is the first page of a list.
func beginning[T any](all []T, key func(T) string, limit int) sb.Page[T] {
	if limit == 0 || len(all) <= limit {
		return sb.Page[T]{Items: all}
	}
	last := key(all[limit-1])
	return sb.Page[T]{Items: all[:limit], Next: base64.RawURLEncoding.EncodeToString([]byte(last))}
}

func sorted[T any](all []T, key func(T) string) []T {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return all
}

// Optional is a query parameter that may be missing.
type Optional[T any] struct {
	Value T
	Given bool
}

// Receiver is where Huma puts the value.
func (o *Optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet notes whether the parameter was there.
func (o *Optional[T]) OnParamSet(given bool, _ any) { o.Given = given }

// Schema is the schema of the value.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Null is a value that may be null in an answer, also when it is an object.
type Null[T any] struct{ Value *T }

func maybe[T any](v *T) Null[T] { return Null[T]{v} }

// MarshalJSON writes the value, or null.
func (n Null[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.Value) }

// Schema says that it is the value's schema or null.
func (n Null[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// moment is a time as answers show it: UTC, microseconds.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func momentOf(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	m := moment(*t)
	return &m
}

// textOf is null for no text.
func textOf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Who names someone.
type Who struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func whoOf(w sb.Who) Who { return Who(w) }

func whosOf(list []sb.Who) []Who {
	out := make([]Who, 0, len(list))
	for _, w := range list {
		out = append(out, whoOf(w))
	}
	return out
}

// checkName lists the fault of a name, if it has one.
func checkName(location, name string) error {
	if wrong := sb.CheckName(name); wrong != "" {
		return sb.Faulty(faultyDetail, sb.Fault{Location: location, Message: wrong, Value: name})
	}
	return nil
}

func checkNewName(location string, name *string) error {
	if name == nil {
		return nil
	}
	return checkName(location, *name)
}
