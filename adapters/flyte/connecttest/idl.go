package connecttest

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"signalbox/adapters/flyte/idltest"
)

//go:embed idl/flyteidl2.binpb
var definitions []byte

// idl are Flyte 2's interface definitions.
type idl struct{ idltest.IDL }

var readIDL = sync.OnceValue(func() idl { return idl{idltest.Parse(definitions)} })

// method finds a method by its path, such as flyteidl2.workflow.RunService/CreateRun.
func (i idl) method(path string) protoreflect.MethodDescriptor {
	d, err := i.Files.FindDescriptorByName(protoreflect.FullName(strings.Replace(path, "/", ".", 1)))
	m, ok := d.(protoreflect.MethodDescriptor)
	if err != nil || !ok || strings.Count(path, "/") != 1 {
		return nil
	}
	return m
}

// read reads a request by its definition into a value, and says what is wrong with it. A real server ignores fields that
// it does not know; here they are an error, so that a misspelt one is found.
func (i idl) read(m protoreflect.MethodDescriptor, body []byte, into any) string {
	in, err := i.Message(m.Input(), body)
	if err != nil {
		return err.Error()
	}
	if wrong := i.check(in); wrong != "" {
		return wrong
	}
	i.Into(in, into)
	return ""
}

// write writes an answer by its definition: unset fields are left out.
func (i idl) write(m protoreflect.MethodDescriptor, answer any) []byte {
	return i.Write(m, answer, protojson.MarshalOptions{})
}

// rules are those of buf.validate that the definitions use where we call.
type rules struct {
	Required bool
	String   struct {
		MinLen  int `json:",string"`
		MaxLen  int `json:",string"`
		Pattern string
	}
	Uint32 struct{ GT uint32 }
}

// rulesOf reads the rules of a field or oneof.
func (i idl) rulesOf(d protoreflect.Descriptor, extension protoreflect.FullName) rules {
	var r rules
	raw, err := proto.Marshal(d.Options())
	idltest.Must(err)
	options := d.Options().ProtoReflect().New()
	idltest.Must(proto.UnmarshalOptions{Resolver: i.Types}.Unmarshal(raw, options.Interface()))
	options.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.FullName() == extension {
			i.Into(v.Message(), &r)
		}
		return true
	})
	return r
}

// check says which rule a message breaks, or one in it.
func (i idl) check(m protoreflect.Message) string {
	for n := range m.Descriptor().Oneofs().Len() {
		o := m.Descriptor().Oneofs().Get(n)
		if i.rulesOf(o, "buf.validate.oneof").Required && m.WhichOneof(o) == nil {
			return fmt.Sprintf("%s: exactly one field is required in oneof", o.Name())
		}
	}
	for n := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(n)
		if wrong := i.checkField(m, f); wrong != "" {
			return string(f.Name()) + wrong
		}
	}
	return ""
}

// checkField says which rule a field breaks. An organisation is none of them: the open-source server knows none, and
// its own client sends none.
func (i idl) checkField(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	r := i.rulesOf(f, "buf.validate.field")
	switch {
	case r.Required && !m.Has(f):
		return ": value is required"
	case f.ContainingOneof() != nil && !m.Has(f):
		return ""
	case f.Kind() == protoreflect.StringKind && !f.IsList() && f.Name() != "org" && f.Name() != "organization":
		return r.text(m.Get(f).String())
	case f.Kind() == protoreflect.Uint32Kind && !f.IsList() && r.Uint32.GT > 0 && m.Get(f).Uint() <= uint64(r.Uint32.GT):
		return fmt.Sprintf(": value must be greater than %d", r.Uint32.GT)
	case f.IsMap() || f.Kind() != protoreflect.MessageKind:
		return ""
	case f.IsList():
		for n := range m.Get(f).List().Len() {
			if wrong := i.check(m.Get(f).List().Get(n).Message()); wrong != "" {
				return fmt.Sprintf("[%d].%s", n, wrong)
			}
		}
		return ""
	case m.Has(f):
		if wrong := i.check(m.Get(f).Message()); wrong != "" {
			return "." + wrong
		}
	}
	return ""
}

func (r rules) text(s string) string {
	switch n := len([]rune(s)); {
	case n < r.String.MinLen:
		return fmt.Sprintf(": value length must be at least %d characters", r.String.MinLen)
	case r.String.MaxLen > 0 && n > r.String.MaxLen:
		return fmt.Sprintf(": value length must be at most %d characters", r.String.MaxLen)
	case r.String.Pattern != "" && !regexp.MustCompile(r.String.Pattern).MatchString(s):
		return fmt.Sprintf(": value does not match regex pattern %q", r.String.Pattern)
	}
	return ""
}
