package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/go-json-experiment/json/jsontext"

	sb "signalbox"
)

// jsonFormat is Huma's, but takes only JSON that everybody reads alike, and says where a value does not fit without
// naming Go's types.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}

func unmarshal(data []byte, v any) error {
	if _, first := v.(*any); first { // Huma reads a body twice: to check it, and then into its type
		if err := unclear(data); err != nil {
			return err
		}
	}
	err := json.Unmarshal(data, v)
	var misfit *json.UnmarshalTypeError
	if errors.As(err, &misfit) {
		where := ""
		if misfit.Field != "" {
			where = misfit.Field + ": "
		}
		return sb.Errorf(sb.Invalid, "%sthis %s does not fit", where, misfit.Value)
	}
	return err
}

// unclear refuses JSON that readers understand differently (RFC 7493): doubled keys, of which some take the first and
// some the last, and text that is no Unicode. What is no JSON at all is left to the decoder.
func unclear(data []byte) error {
	_, err := jsontext.NewDecoder(bytes.NewBuffer(data)).ReadValue()
	var wrong *jsontext.SyntacticError
	switch {
	case !errors.As(err, &wrong):
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return sb.Errorf(sb.Invalid, "the key %s is there twice", keyPlace(wrong.JSONPointer))
	case json.Valid(data):
		return sb.Errorf(sb.Invalid, "the text of %s is not valid Unicode", keyPlace(wrong.JSONPointer))
	}
	return nil
}

// longestPlace bounds what is sent back of keys, in bytes.
const longestPlace = 200

func keyPlace(p jsontext.Pointer) string {
	place := strings.Join(slices.Insert(slices.Collect(p.Tokens()), 0, "body"), ".")
	if len(place) > longestPlace {
		place = strings.ToValidUTF8(place[:longestPlace], "") + "…"
	}
	return place
}

// object is JSON that is an object. Null is the same as leaving it out.
type object json.RawMessage

// UnmarshalJSON keeps the text.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = object(given(bytes.Clone(text)))
	return nil
}

// Schema lets Huma refuse what is no object, together with all else that is wrong with a body.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, AdditionalProperties: true}
}

// given is nil for JSON null, which means the same as leaving a field out.
func given(raw json.RawMessage) json.RawMessage {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	return raw
}

// noNulls is a middleware for changes: a field that is null would be one that stays, and the caller believe that it
// was taken away.
func noNulls(ctx huma.Context, next func(huma.Context)) {
	b, ok := humagin.Unwrap(ctx).Request.Body.(*body)
	if !ok {
		next(ctx)
		return
	}
	text, err := io.ReadAll(b)
	if err != nil {
		refuse(ctx, err)
		return
	}
	b.Reader = bytes.NewReader(text)
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil { // the decoder says what is wrong
		next(ctx)
		return
	}
	var found []sb.Fault
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if given(fields[name]) == nil {
			found = append(found, sb.Fault{Location: "body." + name, Message: "null is no value; leave out what stays as it is"})
		}
	}
	if found != nil {
		refuse(ctx, sb.Faulty(faultyDetail, found...))
		return
	}
	next(ctx)
}
