package fiftyone

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
)

// tokenKey is where an App keeps who submitted.
const tokenKey = "user_request_token"

// operationOf reads a document of delegated_ops. Any field but the id may be missing or odd: that is a reason to refuse it, not to
// stop over it.
func operationOf(raw bson.Raw) sb.Operation {
	o := sb.Operation{
		ID: idOf(raw.Lookup("_id")), Operator: textOf(raw.Lookup("operator")), Label: textOf(raw.Lookup("label")),
		Target: textOf(raw.Lookup("delegation_target")), State: sb.OperationState(textOf(raw.Lookup("run_state"))), DatasetID: idOf(raw.Lookup("dataset_id")),
	}
	if o.Refusal = refusal(raw); o.Refusal != "" {
		return o
	}
	var request bson.D
	if found := raw.Lookup("context", "request_params"); found.Type == bson.TypeEmbeddedDocument && found.Unmarshal(&request) != nil {
		o.Refusal = "Its request cannot be read."
		return o
	}
	if err := asked(&o, raw, request); err != nil {
		o.Refusal = "Its request cannot be written as JSON."
	}
	return o
}

// asked fills in what an operation was asked with.
func asked(o *sb.Operation, raw bson.Raw, request bson.D) (err error) {
	kept := make(bson.D, 0, len(request))
	o.Params = json.RawMessage("{}")
	for _, e := range request {
		switch {
		case e.Key == "params":
			if params, is := e.Value.(bson.D); is {
				if o.Params, err = toJSON(params); err != nil {
					return err
				}
			}
			continue
		case isToken(e.Key):
			if token, is := e.Value.(string); is && e.Key == tokenKey {
				o.Token = token
			}
			continue
		case e.Key == "view":
			if stages, is := e.Value.(bson.A); is && len(stages) > 0 {
				if o.View, err = toJSON(stages); err != nil {
					return err
				}
			}
		}
		kept = append(kept, e)
	}
	if o.Request, err = toJSON(kept); err != nil {
		return err
	}
	return schemas(o, raw)
}

func schemas(o *sb.Operation, raw bson.Raw) (err error) {
	for at, to := range map[string]*json.RawMessage{"inputs_schema": &o.InputsSchema, "pipeline": &o.Pipeline} {
		found := raw.Lookup(at)
		if at == "inputs_schema" {
			found = raw.Lookup("metadata", at)
		}
		var d any
		if found.Type != bson.TypeEmbeddedDocument && found.Type != bson.TypeArray {
			continue
		}
		if err := found.Unmarshal(&d); err != nil {
			return err
		}
		if *to, err = toJSON(d); err != nil {
			return err
		}
	}
	if string(o.InputsSchema) == "{}" {
		o.InputsSchema = nil
	}
	return nil
}

// isToken tells whether a key of a request holds what lets somebody in.
func isToken(key string) bool {
	for _, end := range []string{"token", "api_key", "secret", "password"} {
		if key == end || strings.HasSuffix(key, "_"+end) {
			return true
		}
	}
	return false
}

// refusal tells why an operation can never be taken.
func refusal(raw bson.Raw) string {
	if textOf(raw.Lookup("operator")) == "" {
		return "It names no operator."
	}
	if idOf(raw.Lookup("parent_id")) != "" {
		return "It is a part of a distributed operation, and Signalbox does not run those."
	}
	for _, stage := range stagesOf(raw.Lookup("pipeline")) {
		if !inOne(stage.Lookup("num_distributed_tasks")) {
			name := cmp.Or(textOf(stage.Lookup("name")), textOf(stage.Lookup("operator_uri")))
			return "Its stage " + name + " is to be distributed over several tasks, and Signalbox does not do that."
		}
	}
	return ""
}

// inOne tells whether a number of tasks means that a stage is not distributed: none, or one.
func inOne(tasks bson.RawValue) bool {
	if slices.Contains([]bson.Type{0, bson.TypeNull, bson.TypeUndefined}, tasks.Type) {
		return true
	}
	n, is := tasks.AsInt64OK()
	return is && n <= 1
}

// stagesOf are the stages of a pipeline: {stages: […]}, or a bare list as older versions wrote it.
func stagesOf(pipeline bson.RawValue) []bson.Raw {
	if doc, is := pipeline.DocumentOK(); is {
		pipeline = doc.Lookup("stages")
	}
	list, is := pipeline.ArrayOK()
	if !is {
		return nil
	}
	values, err := list.Values()
	if err != nil {
		return nil
	}
	var stages []bson.Raw
	for _, v := range values {
		if doc, is := v.DocumentOK(); is {
			stages = append(stages, doc)
		}
	}
	return stages
}

func textOf(v bson.RawValue) string {
	text, _ := v.StringValueOK()
	return text
}

func idOf(v bson.RawValue) string {
	if id, is := v.ObjectIDOK(); is {
		return id.Hex()
	}
	return ""
}
