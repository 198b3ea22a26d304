// Package access says who may do what: pure functions over facts, without I/O. The rules are those of
// docs/permissions.md; the whole truth table for one dataset is testdata/permissions.csv.
package access

import (
	"slices"

	sb "signalbox"
)

var caps = map[sb.Role]sb.Permission{
	sb.Guest: sb.CanView, sb.Labeler: sb.CanTag, sb.Collaborator: sb.CanEdit, sb.Member: sb.CanManage, sb.Admin: sb.CanManage,
}

// Cap is the most a role may have on any dataset.
func Cap(r sb.Role) sb.Permission { return caps[r] }

// Effective is what the principal of the facts may do with their dataset: the highest of being an admin, the
// dataset's default access (Members only), the own grant and the best grant of a group; capped by role.
func Effective(f sb.Facts) sb.Permission {
	if f.Dataset == nil {
		return sb.NoAccess
	}
	if f.Principal.Role == sb.Admin {
		return sb.CanManage
	}
	best := higher(f.Own, f.Group)
	if f.Principal.Role == sb.Member {
		best = higher(best, f.Dataset.DefaultPermission)
	}
	return lower(best, Cap(f.Principal.Role))
}

// Check tells whether the principal of the facts may do something: nil, Forbidden with the reason, or NotFound
// when he may not even know that the dataset, operator or run exists.
func Check(f sb.Facts, a sb.Action) error {
	if !f.Principal.Role.Valid() {
		return sb.Errorf(sb.Forbidden, "you have no role in this organisation")
	}
	if f.Run != nil {
		if err := seeRun(f); err != nil {
			return err
		}
	}
	check, ok := checks[a]
	if !ok {
		return sb.Errorf(sb.Forbidden, "nobody may %s", a)
	}
	return check(f)
}

var checks = map[sb.Action]func(sb.Facts) error{
	sb.ActAdminister:    administer,
	sb.ActCreateDataset: createDataset,
	sb.ActViewDataset:   func(f sb.Facts) error { return onDataset(f, sb.CanView, "see it") },
	sb.ActManageDataset: func(f sb.Facts) error { return onDataset(f, sb.CanManage, "change it or who has access") },
	sb.ActSchedule:      schedule,
	sb.ActPrioritise:    func(f sb.Facts) error { return onDataset(f, sb.CanManage, "schedule with a priority above 0") },
	sb.ActSeeRun:        seeRun,
	sb.ActRenameRun:     func(f sb.Facts) error { return onRun(f, true, sb.CanEdit, "rename this run") },
	sb.ActPinRun:        func(f sb.Facts) error { return onRun(f, false, sb.CanEdit, "pin runs") },
	sb.ActEndRun:        func(f sb.Facts) error { return onRun(f, true, sb.CanManage, "end this run") },
}

func administer(f sb.Facts) error {
	if f.Principal.Role != sb.Admin {
		return sb.Errorf(sb.Forbidden, "only admins may do this; your role is %s", f.Principal.Role)
	}
	return nil
}

func createDataset(f sb.Facts) error {
	if !f.Principal.Role.AtLeast(sb.Member) {
		return sb.Errorf(sb.Forbidden, "creating a dataset needs the role member; yours is %s", f.Principal.Role)
	}
	if f.Dataset != nil {
		return onDataset(f, sb.CanView, "clone it")
	}
	return nil
}

func onDataset(f sb.Facts, need sb.Permission, what string) error {
	if f.Dataset == nil && f.Principal.Role == sb.Admin && f.Run != nil {
		return nil // the run of a dataset that is gone, or without one
	}
	have := Effective(f)
	if !have.AtLeast(sb.CanView) {
		return NoDataset()
	}
	if !have.AtLeast(need) {
		return sb.Errorf(sb.Forbidden, "to %s you need Can %s on the dataset; you have Can %s", what, need, have)
	}
	return nil
}

// NoDataset is the answer for a dataset that does not exist and for one the principal may not see: the same.
func NoDataset() error {
	return sb.Errorf(sb.NotFound, "this dataset does not exist, or you have no access to it")
}

// NoOperator is the answer for an operator that does not exist.
func NoOperator() error { return sb.Errorf(sb.NotFound, "this operator does not exist") }

// NoRun is the answer for a run that does not exist and for one the principal may not see: the same.
func NoRun() error {
	return sb.Errorf(sb.NotFound, "this run does not exist, or you have no access to it")
}

// schedule says whether the operator of the facts may run on their dataset (without one, the operator's minimum
// dataset permission does not apply).
func schedule(f sb.Facts) error {
	if f.Dataset != nil && !Effective(f).AtLeast(sb.CanView) {
		return NoDataset()
	}
	o := f.Operator
	switch {
	case f.Plugin == nil || o == nil:
		return NoOperator()
	case !f.Plugin.Enabled:
		return sb.Errorf(sb.Conflict, "plugin %s is disabled; an admin can enable it", f.Plugin.Name)
	case !o.Enabled:
		return sb.Errorf(sb.Conflict, "operator %s is disabled; an admin can enable it", o.URI())
	case !f.Principal.Role.AtLeast(o.MinimumRole):
		return sb.Errorf(sb.Forbidden, "operator %s needs the role %s; yours is %s", o.URI(), o.MinimumRole, f.Principal.Role)
	}
	if f.Dataset != nil && !Effective(f).AtLeast(o.MinimumDatasetPermission) {
		return sb.Errorf(sb.Forbidden, "operator %s needs Can %s on the dataset; you have Can %s", o.URI(), o.MinimumDatasetPermission, Effective(f))
	}
	return nil
}

func seeRun(f sb.Facts) error {
	r := f.Run
	if r == nil {
		return NoRun()
	}
	if f.Principal.Role == sb.Admin {
		return nil
	}
	own := r.CreatedBy.ID == f.Principal.ID
	if r.DatasetID == "" {
		if own {
			return nil
		}
		return NoRun()
	}
	others := f.Principal.Role.AtLeast(f.Settings.AllRunsMinimumRole)
	if Effective(f).AtLeast(sb.CanView) && (own || r.Pinned || others) {
		return nil
	}
	return NoRun()
}

// onRun demands a permission on the run's dataset, or being its submitter where that is enough.
func onRun(f sb.Facts, submitter bool, need sb.Permission, what string) error {
	if err := seeRun(f); err != nil {
		return err
	}
	if submitter && f.Run.CreatedBy.ID == f.Principal.ID {
		return nil
	}
	if f.Run.DatasetID == "" {
		return administer(f)
	}
	return onDataset(f, need, what)
}

// Viewer is through whose eyes a list of runs is read.
func Viewer(p sb.Principal, s sb.Settings) sb.Viewer {
	return sb.Viewer{Principal: p, Others: p.Role.AtLeast(s.AllRunsMinimumRole)}
}

// KeysAllowed tells whether a role may use API keys.
func KeysAllowed(r sb.Role, s sb.Settings) bool { return slices.Contains(s.APIKeyRoles, r) }

func higher(p, q sb.Permission) sb.Permission {
	if p.Valid() && p.AtLeast(q) {
		return p
	}
	if q.Valid() {
		return q
	}
	return sb.NoAccess
}

func lower(p, q sb.Permission) sb.Permission {
	if p.AtLeast(q) {
		return q
	}
	return p
}
