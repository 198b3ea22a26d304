package fiftyone

import (
	"bytes"
	"encoding/json"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// toJSON writes a value of MongoDB as relaxed extended JSON, as FiftyOne's own encoder does: the order of keys is kept.
func toJSON(value any) (json.RawMessage, error) {
	b, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: value}}, false, false)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(bytes.TrimSuffix(bytes.TrimPrefix(b, []byte(`{"v":`)), []byte("}"))), nil
}

// fromJSON reads relaxed extended JSON; text that only looks like it, such as {"$date": "soon"}, becomes text. It is encoded as
// it is read: a list of numbers is many times as large in memory.
func fromJSON(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	var d bson.Raw
	if err := bson.UnmarshalExtJSON(append(append([]byte(`{"v":`), text...), '}'), false, &d); err != nil {
		return string(text)
	}
	if list, err := d.Elements(); err != nil || len(list) != 1 {
		return string(text)
	}
	if v := d.Lookup("v"); v.Type != bson.TypeNull {
		return v
	}
	return nil
}
