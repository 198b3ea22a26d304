package flytetest

import (
	_ "embed"
	"encoding/json"
	"sync"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	_ "google.golang.org/protobuf/types/known/anypb"       // the definitions import it
	_ "google.golang.org/protobuf/types/known/durationpb"  // this too
	_ "google.golang.org/protobuf/types/known/structpb"    // so here
	_ "google.golang.org/protobuf/types/known/timestamppb" // and here
	_ "google.golang.org/protobuf/types/known/wrapperspb"  // and here
)

//go:embed idl/flyteidl.binpb
var definitions []byte

// idl are Flyte 1's interface definitions, and the methods of its services that HTTP reaches.
type idl struct {
	types  *dynamicpb.Types
	routes []route
}

// route is a method with one of its ways by HTTP.
type route struct {
	verb, path string // the path as the definitions write it, such as /api/v1/executions/{id.project}/…
	body       string // "*", a field, or ""
	method     protoreflect.MethodDescriptor
}

var readIDL = sync.OnceValue(func() idl {
	var all descriptorpb.FileDescriptorSet
	must(proto.Unmarshal(definitions, &all))
	files := new(protoregistry.Files)
	read := idl{types: dynamicpb.NewTypes(files)}
	for _, one := range all.File {
		file, err := protodesc.FileOptions{AllowUnresolvable: true}.New(one, known{files}) // what describes the API's documents
		must(err)
		must(files.RegisterFile(file))
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				read.routes = append(read.routes, routesOf(file.Services().Get(i).Methods().Get(j))...)
			}
		}
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

// must is for what is wrong with this package, and not with a request.
func must(err error) {
	if err != nil {
		panic("Flyte's definitions: " + err.Error())
	}
}

// known finds what was read before, and what Google's own packages define.
type known struct{ *protoregistry.Files }

func (k known) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if file, err := k.Files.FindFileByPath(path); err == nil {
		return file, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (k known) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := k.Files.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}

// read reads JSON by a method's definition, as strictly as the real server: a field that it does not know is an error. Either
// casing is taken. What was read is written again in camel case.
func (i idl) read(m protoreflect.MethodDescriptor, body []byte, into any) error {
	in := dynamicpb.NewMessage(m.Input())
	if err := (protojson.UnmarshalOptions{Resolver: i.types}).Unmarshal(body, in); err != nil {
		return err
	}
	b, err := protojson.MarshalOptions{Resolver: i.types}.Marshal(in)
	must(err)
	must(json.Unmarshal(b, into))
	return nil
}

// write writes an answer by its method's definition, in snake or camel case: unset messages are null, unset lists empty.
func (i idl) write(m protoreflect.MethodDescriptor, answer any, snake bool) []byte {
	b, err := json.Marshal(answer)
	must(err)
	out := dynamicpb.NewMessage(m.Output())
	must(protojson.UnmarshalOptions{Resolver: i.types}.Unmarshal(b, out))
	b, err = protojson.MarshalOptions{Resolver: i.types, UseProtoNames: snake, EmitUnpopulated: true}.Marshal(out)
	must(err)
	return b
}
