package flyte

import (
	"bytes"
	"encoding/json"

	"github.com/vmihailenco/msgpack/v5"
)

// unpack reads MessagePack as JSON. Maps with other keys than texts, and numbers that JSON does not have, are errors.
func unpack(raw []byte) (json.RawMessage, error) {
	d := msgpack.NewDecoder(bytes.NewReader(raw))
	d.UseLooseInterfaceDecoding(true)
	v, err := d.DecodeInterface()
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
