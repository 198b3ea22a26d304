// Package idltest lets the stand-ins for Flyte read requests and write answers by Flyte's own interface definitions, which
// their idl folders hold as serialised FileDescriptorSets.
package idltest

import (
	"encoding/json"

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

// IDL are interface definitions.
type IDL struct {
	Files   *protoregistry.Files
	Types   *dynamicpb.Types
	Methods []protoreflect.MethodDescriptor // in their order
}

// Parse reads a FileDescriptorSet in which files follow what they import. What it imports beyond, such as what describes
// the documents of an API, stays unknown.
func Parse(set []byte) IDL {
	var all descriptorpb.FileDescriptorSet
	Must(proto.Unmarshal(set, &all))
	files := new(protoregistry.Files)
	read := IDL{Files: files, Types: dynamicpb.NewTypes(files)}
	for _, one := range all.File {
		file, err := protodesc.FileOptions{AllowUnresolvable: true}.New(one, known{files})
		Must(err)
		Must(files.RegisterFile(file))
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				read.Methods = append(read.Methods, methods.Get(j))
			}
		}
	}
	return read
}

// Must is for what is wrong with a stand-in, and not with a request.
func Must(err error) {
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

// Message reads JSON by a message's definition. A field that it does not know is an error.
func (i IDL) Message(d protoreflect.MessageDescriptor, body []byte) (protoreflect.Message, error) {
	m := dynamicpb.NewMessage(d)
	return m, protojson.UnmarshalOptions{Resolver: i.Types}.Unmarshal(body, m)
}

// Into writes a message into a value that reads JSON in camel case.
func (i IDL) Into(m protoreflect.Message, into any) {
	b, err := protojson.MarshalOptions{Resolver: i.Types}.Marshal(m.Interface())
	Must(err)
	Must(json.Unmarshal(b, into))
}

// Write writes an answer of a method by its definition, as the options say.
func (i IDL) Write(m protoreflect.MethodDescriptor, answer any, how protojson.MarshalOptions) []byte {
	b, err := json.Marshal(answer)
	Must(err)
	out, err := i.Message(m.Output(), b)
	Must(err)
	how.Resolver = i.Types
	b, err = how.Marshal(out.Interface())
	Must(err)
	return b
}
