// Package attributes reads what a login provider says of a person by a mapping: his role, his groups, and whether his
// address may be believed.
package attributes

import (
	"slices"
	"strings"
	"unicode"

	sb "signalbox"
)

// Mapping says which values of an attribute mean what here.
type Mapping struct {
	Role   Rule `yaml:"role"`   // to role names; of several the highest counts
	Groups Rule `yaml:"groups"` // to names of groups; without values each value is the name of a group itself
}

// Rule is an attribute with what its values mean.
type Rule struct {
	From   string            `yaml:"from"` // the attribute, or the path of a claim with dots; "" maps nothing
	Values map[string]string `yaml:"values"`
}

// Apply fills in what a mapping makes of a person's attributes. Values gives those of one attribute.
func (m Mapping) Apply(l *sb.Login, values func(attribute string) []string) {
	l.Maps = sb.Maps{Role: m.Role.From != "", Groups: m.Groups.From != ""}
	if l.Maps.Role {
		for _, v := range values(m.Role.From) {
			if role := sb.Role(m.Role.Values[v]); role.Valid() && !l.Role.AtLeast(role) {
				l.Role = role
			}
		}
	}
	if l.Maps.Groups {
		for _, v := range values(m.Groups.From) {
			name, known := m.Groups.Values[v]
			if len(m.Groups.Values) == 0 {
				name, known = v, true
			}
			if known && name != "" && !slices.Contains(l.Groups, name) {
				l.Groups = append(l.Groups, name)
			}
		}
	}
}

// Faults lists what is wrong with a mapping, at a place in a file.
func (m Mapping) Faults(place string) []sb.Fault {
	var faults []sb.Fault
	for value, role := range m.Role.Values {
		if !sb.Role(role).Valid() {
			faults = append(faults, sb.Fault{Location: place + ".role.values." + value, Message: "must be one of admin, member, collaborator, labeler, guest", Value: role})
		}
	}
	if m.Role.From != "" && len(m.Role.Values) == 0 {
		faults = append(faults, sb.Fault{Location: place + ".role.values", Message: "must say which value means which role"})
	}
	for name, r := range map[string]Rule{"role": m.Role, "groups": m.Groups} {
		if r.From == "" && len(r.Values) > 0 {
			faults = append(faults, sb.Fault{Location: place + "." + name + ".from", Message: "must name the attribute or claim"})
		}
	}
	return faults
}

// InDomains tells whether an address belongs to one of the domains, exactly.
func InDomains(email string, domains []string) bool {
	at := strings.LastIndexByte(email, '@')
	return at > 0 && slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, email[at+1:]) })
}

// Address gives an address in lower case, or "" if it is none. Letters beyond ASCII are refused: some of them become
// ASCII in lower case, and so another's address.
func Address(text string) string {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return ""
	}
	text = strings.ToLower(text)
	name, domain, ok := strings.Cut(text, "@")
	if !ok || name == "" || domain == "" || strings.ContainsAny(text, " \t\r\n<>,;\"\x00") || strings.Contains(domain, "@") || len(text) > 254 {
		return ""
	}
	return text
}
