package access

import (
	"fmt"
	"strings"

	sb "signalbox"
)

// trail writes down what a decision looked at. A nil one writes nothing and costs nothing; its words are then for the
// principal himself.
type trail struct {
	name    string // whom it is about
	steps   []sb.Step
	weighed bool
}

func (t *trail) add(name, format string, args ...any) {
	if t != nil {
		t.steps = append(t.steps, sb.Step{Name: name, Detail: fmt.Sprintf(format, args...)})
	}
}

// has begins a sentence about the principal.
func (t *trail) has() string {
	if t == nil {
		return "you have"
	}
	return t.name + " has"
}

// holds says what the principal may do with the dataset, and why: "you have Can view through group Labelers, capped by
// the role labeler".
func (t *trail) holds(f sb.Facts, s Standing) string {
	said := t.has() + " " + can(s.Permission)
	switch s.By {
	case ByRole:
		said += " as an admin"
	case ByGrant:
		said += " by a grant"
	case ByGroup:
		said += " through " + group(f.Via)
	case ByDefault:
		said += " by its default access"
	case ByNothing:
	}
	if s.Capped {
		said += ", capped by the role " + string(f.Principal.Role)
	}
	return said
}

// weigh writes down the grounds of a permission, once.
func (t *trail) weigh(f sb.Facts, s Standing) {
	if t == nil || t.weighed || f.Dataset == nil {
		return
	}
	t.weighed = true
	if s.By == ByRole {
		t.add("admin", "Admins may do everything on every dataset.")
		return
	}
	t.add("own grant", "%s.", upper(can(f.Own)))
	if f.Group.AtLeast(sb.CanView) {
		t.add("group grant", "%s through %s.", upper(can(f.Group)), group(f.Via))
	} else {
		t.add("group grant", "No access.")
	}
	standard := upper(can(f.Dataset.DefaultPermission))
	if f.Principal.Role != sb.Member {
		standard += ", but only for members"
	}
	t.add("default access", "%s.", standard)
	t.add("cap", "The role %s may have at most %s.", f.Principal.Role, can(Cap(f.Principal.Role)))
	t.add("permission", "On %s %s.", f.Dataset.Name, t.holds(f, s))
}

func can(p sb.Permission) string {
	if !p.AtLeast(sb.CanView) {
		return "no access"
	}
	return "Can " + string(p)
}

func group(name string) string {
	if name == "" {
		return "a group"
	}
	return "group " + name
}

func switched(f sb.Facts) string {
	switch {
	case !f.Plugin.Enabled:
		return "its plugin is disabled"
	case !f.Operator.Enabled:
		return "it is disabled"
	}
	return "it is enabled"
}

func listed(roles []sb.Role) string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, string(r))
	}
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
