package flytetest

import (
	_ "embed"
	"sync"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"signalbox/adapters/flyte/idltest"
)

//go:embed idl/flyteidl.binpb
var definitions []byte

// idl are Flyte 1's interface definitions, and the methods of its services that HTTP reaches.
type idl struct {
	idltest.IDL
	routes []route
}

// route is a method with one of its ways by HTTP.
type route struct {
	verb, path string // the path as the definitions write it, such as /api/v1/executions/{id.project}/…
	body       string // "*", a field, or ""
	method     protoreflect.MethodDescriptor
}

var readIDL = sync.OnceValue(func() idl {
	read := idl{IDL: idltest.Parse(definitions)}
	for _, m := range read.Methods {
		read.routes = append(read.routes, routesOf(m)...)
	}
	return read
})

func routesOf(m protoreflect.MethodDescriptor) []route {
	rule, ok := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		return nil
	}
	var all []route
	for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		verb, path := "", ""
		switch p := r.GetPattern().(type) {
		case *annotations.HttpRule_Get:
			verb, path = "GET", p.Get
		case *annotations.HttpRule_Post:
			verb, path = "POST", p.Post
		case *annotations.HttpRule_Put:
			verb, path = "PUT", p.Put
		case *annotations.HttpRule_Delete:
			verb, path = "DELETE", p.Delete
		}
		all = append(all, route{verb: verb, path: path, body: r.GetBody(), method: m})
	}
	return all
}

// read reads JSON by a method's definition, as strictly as the real server: a field that it does not know is an error. Either
// casing is taken. What was read is written again in camel case.
func (i idl) read(m protoreflect.MethodDescriptor, body []byte, into any) error {
	in, err := i.Message(m.Input(), body)
	if err == nil {
		i.Into(in, into)
	}
	return err
}

// write writes an answer by its method's definition, in snake or camel case: unset messages are null, unset lists empty.
func (i idl) write(m protoreflect.MethodDescriptor, answer any, snake bool) []byte {
	return i.Write(m, answer, protojson.MarshalOptions{UseProtoNames: snake, EmitUnpopulated: true})
}
