// Package access says who may do what: pure functions over facts, without I/O. The rules are those of
// docs/permissions.md; the whole truth table for one dataset is testdata/permissions.csv.
//
// Check and Explain are one procedure: Explain only writes down what it looked at.
package access

import (
	"slices"

	sb "signalbox"
)

// Cap is the most a role may have on any dataset.
func Cap(r sb.Role) sb.Permission { return sb.MostOf(r) }

// Effective is what the principal of the facts may do with their dataset: the highest of being an admin, the
// dataset's default access (Members only), the own grant and the best grant of a group; capped by role.
func Effective(f sb.Facts) sb.Permission { return Stand(f).Permission }

// Ground is what a permission rests on.
type Ground string

// The grounds. Of several that give the same, the first in this order counts.
const (
	ByRole    Ground = "admin"   // admins may do everything
	ByGrant   Ground = "own"     // a grant of one's own
	ByGroup   Ground = "group"   // a grant of a group
	ByDefault Ground = "default" // the dataset's default access
	ByNothing Ground = ""
)

// Standing is what someone may do with a dataset, and why.
type Standing struct {
	Permission sb.Permission
	By         Ground
	Capped     bool // the grounds give more than the role may have
}

// Stand weighs the grounds of a permission.
func Stand(f sb.Facts) Standing {
	switch {
	case f.Dataset == nil:
		return Standing{Permission: sb.NoAccess}
	case f.Principal.Role == sb.Admin:
		return Standing{Permission: sb.CanManage, By: ByRole}
	}
	best := Standing{Permission: sb.NoAccess}
	best.raise(f.Own, ByGrant)
	best.raise(f.Group, ByGroup)
	if f.Principal.Role == sb.Member {
		best.raise(f.Dataset.DefaultPermission, ByDefault)
	}
	if most := Cap(f.Principal.Role); !most.AtLeast(best.Permission) {
		best.Permission, best.Capped = most, true
	}
	if !best.Permission.Valid() { // a role that does not exist
		best = Standing{Permission: sb.NoAccess}
	}
	return best
}

func (s *Standing) raise(p sb.Permission, by Ground) {
	if p.Valid() && !s.Permission.AtLeast(p) {
		s.Permission, s.By = p, by
	}
}

// Check tells whether the principal of the facts may do something: nil, Forbidden with the reason, or NotFound
// when he may not even know that the dataset, operator or run exists; Conflict for what is switched off.
func Check(f sb.Facts, a sb.Action) error { return decide(f, a, nil) }

// Explain is Check with its grounds, in words about the principal for somebody who may know all of the facts.
func Explain(f sb.Facts, a sb.Action) sb.Explanation {
	t := &trail{name: f.Principal.Name}
	err := decide(f, a, t)
	out := sb.Explanation{Allowed: err == nil, Reason: f.Principal.Name + " may " + doing[a] + ".", Steps: t.steps}
	if err != nil {
		out.Reason = upper(err.Error()) + "."
	}
	return out
}

// Basis says in words what a permission on a dataset rests on, about the principal of the facts, and whether his role
// keeps it below what was granted.
func Basis(f sb.Facts) (capped bool, reason string) {
	t, s := trail{name: f.Principal.Name}, Stand(f)
	return s.Capped, t.holds(f, s) + "."
}

// MayGrant tells whether the principal of the facts may be granted a permission on their dataset: Invalid for more than
// his role may have, and for an admin, who has all already. Taking a grant away is always possible.
func MayGrant(f sb.Facts, p sb.Permission) error {
	role, name := f.Principal.Role, f.Principal.Name
	switch most := Cap(role); {
	case !p.Valid():
		return refuse(p, "a permission is one of none, view, tag, edit, manage")
	case p == sb.NoAccess:
		return nil
	case role == sb.Admin:
		return refuse(p, name+" is an admin, who may do everything on every dataset: there is nothing to grant")
	case !most.AtLeast(p):
		return refuse(p, name+" has the role "+string(role)+", which may have at most Can "+string(most)+" on a dataset")
	}
	return nil
}

func refuse(p sb.Permission, message string) error {
	return sb.Faulty(message, sb.Fault{Location: "body.permission", Message: message, Value: string(p)})
}

// Viewer is through whose eyes a list of runs is read.
func Viewer(p sb.Principal, s sb.Settings) sb.Viewer {
	return sb.Viewer{Principal: p, Others: p.Role.AtLeast(s.AllRunsMinimumRole)}
}

// KeysAllowed tells whether a role may use API keys.
func KeysAllowed(r sb.Role, s sb.Settings) bool { return slices.Contains(s.APIKeyRoles, r) }
