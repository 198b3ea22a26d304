package access

import (
	sb "signalbox"
)

// doing says what an action is, after "may".
var doing = map[sb.Action]string{
	sb.ActAdminister: "administer the organisation", sb.ActCreateDataset: "create datasets", sb.ActClone: "clone the dataset",
	sb.ActViewDataset: "see the dataset", sb.ActExport: "export the dataset", sb.ActTag: "tag its samples", sb.ActEdit: "change its samples",
	sb.ActManageDataset: "change the dataset or who has access", sb.ActSchedule: "run the operator", sb.ActPrioritise: "schedule with a priority above 0",
	sb.ActSeeRun: "see the run", sb.ActRenameRun: "rename the run", sb.ActPinRun: "pin the run", sb.ActEndRun: "end the run",
	sb.ActSeeRuns: "see other people's runs", sb.ActRenameRuns: "rename any run", sb.ActPinRuns: "pin runs", sb.ActEndRuns: "end any run",
	sb.ActUseKeys: "use API keys",
}

// needs is the permission on the dataset that an action takes.
var needs = map[sb.Action]sb.Permission{
	sb.ActViewDataset: sb.CanView, sb.ActTag: sb.CanTag, sb.ActEdit: sb.CanEdit, sb.ActManageDataset: sb.CanManage,
	sb.ActExport: sb.CanView, sb.ActClone: sb.CanView, sb.ActPrioritise: sb.CanManage,
	sb.ActSeeRuns: sb.CanView, sb.ActRenameRuns: sb.CanEdit, sb.ActPinRuns: sb.CanEdit, sb.ActEndRuns: sb.CanManage,
}

// roles is the role that an action takes, whatever the dataset.
var roles = map[sb.Action]sb.Role{
	sb.ActAdminister: sb.Admin, sb.ActCreateDataset: sb.Member, sb.ActClone: sb.Member, sb.ActExport: sb.Collaborator,
}

// subject names an action where a request may take several rights.
func subject(a sb.Action) string {
	switch a { //nolint:exhaustive // the others are all that is asked for
	case sb.ActPrioritise:
		return "a priority above 0"
	case sb.ActPinRuns:
		return "pinning a run"
	case sb.ActRenameRuns:
		return "renaming another's run"
	}
	return "this"
}

// decide is the one procedure behind Check and Explain.
func decide(f sb.Facts, a sb.Action, t *trail) error {
	t.add("role", "%s has the role %s.", f.Principal.Name, f.Principal.Role)
	if !f.Principal.Role.Valid() {
		return sb.Errorf(sb.Forbidden, "%s no role in this organisation", t.has())
	}
	if f.Run != nil && a != sb.ActSchedule { // whoever may schedule it may have it scheduled
		if err := seeRun(f, t); err != nil {
			return err
		}
	}
	switch a {
	case sb.ActAdminister, sb.ActCreateDataset:
		return needRole(f, t, a)
	case sb.ActClone, sb.ActExport:
		if err := needPermission(f, t, a); err != nil {
			return err
		}
		return needRole(f, t, a)
	case sb.ActViewDataset, sb.ActTag, sb.ActEdit, sb.ActManageDataset, sb.ActPrioritise, sb.ActRenameRuns, sb.ActPinRuns, sb.ActEndRuns:
		return needPermission(f, t, a)
	case sb.ActSchedule:
		return schedule(f, t)
	case sb.ActSeeRuns:
		return seeRuns(f, t)
	case sb.ActSeeRun:
		return seeRun(f, t)
	case sb.ActRenameRun:
		return onRun(f, t, true, sb.ActRenameRuns)
	case sb.ActPinRun:
		return onRun(f, t, false, sb.ActPinRuns)
	case sb.ActEndRun:
		return onRun(f, t, true, sb.ActEndRuns)
	case sb.ActUseKeys:
		return useKeys(f, t)
	}
	return sb.Errorf(sb.Forbidden, "nobody may %s", a)
}

func needRole(f sb.Facts, t *trail, a sb.Action) error {
	need := roles[a]
	t.add("needs", "This needs the role %s.", need)
	if f.Principal.Role.AtLeast(need) {
		return nil
	}
	if need == sb.Admin {
		return sb.Errorf(sb.Forbidden, "only admins may do this; %s the role %s", t.has(), f.Principal.Role)
	}
	return sb.Errorf(sb.Forbidden, "this needs the role %s; %s the role %s", need, t.has(), f.Principal.Role)
}

// needPermission demands what an action needs on the dataset of the facts.
func needPermission(f sb.Facts, t *trail, a sb.Action) error {
	if f.Dataset == nil && f.Principal.Role == sb.Admin && f.Run != nil {
		return nil // the run of a dataset that is gone
	}
	have, need := Stand(f), needs[a]
	t.weigh(f, have)
	if !have.Permission.AtLeast(sb.CanView) {
		return noDataset(t)
	}
	t.add("needs", "This needs Can %s.", need)
	if !have.Permission.AtLeast(need) {
		return sb.Errorf(sb.Forbidden, "%s needs Can %s on the dataset; %s", subject(a), need, t.holds(f, have))
	}
	return nil
}

// NoDataset is the answer for a dataset that does not exist and for one the principal may not see: the same.
func NoDataset() error {
	return sb.Errorf(sb.NotFound, "this dataset does not exist, or you have no access to it")
}

func noDataset(t *trail) error {
	if t == nil {
		return NoDataset()
	}
	return sb.Errorf(sb.NotFound, "%s no access to this dataset", t.has())
}

// NoOperator is the answer for an operator that does not exist.
func NoOperator() error { return sb.Errorf(sb.NotFound, "this operator does not exist") }

// NoRun is the answer for a run that does not exist and for one the principal may not see: the same.
func NoRun() error {
	return sb.Errorf(sb.NotFound, "this run does not exist, or you have no access to it")
}

// schedule says whether the operator of the facts may run on their dataset (without one, the operator's minimum
// dataset permission does not apply).
func schedule(f sb.Facts, t *trail) error {
	var have Standing
	if f.Dataset != nil {
		have = Stand(f)
		t.weigh(f, have)
		if !have.Permission.AtLeast(sb.CanView) {
			return noDataset(t)
		}
	}
	o := f.Operator
	if f.Plugin == nil || o == nil {
		t.add("operator", "It is not installed.")
		return NoOperator()
	}
	t.add("operator", "%s needs the role %s and Can %s on the dataset; %s.", o.URI(), o.MinimumRole, o.MinimumDatasetPermission, switched(f))
	switch {
	case !f.Plugin.Enabled:
		return sb.Errorf(sb.Conflict, "plugin %s is disabled; an admin can enable it", f.Plugin.Name)
	case !o.Enabled:
		return sb.Errorf(sb.Conflict, "operator %s is disabled; an admin can enable it", o.URI())
	case !f.Principal.Role.AtLeast(o.MinimumRole):
		return sb.Errorf(sb.Forbidden, "operator %s needs the role %s; %s the role %s", o.URI(), o.MinimumRole, t.has(), f.Principal.Role)
	case f.Dataset != nil && !have.Permission.AtLeast(o.MinimumDatasetPermission):
		return sb.Errorf(sb.Forbidden, "operator %s needs Can %s on the dataset; %s", o.URI(), o.MinimumDatasetPermission, t.holds(f, have))
	}
	return nil
}

func seeRun(f sb.Facts, t *trail) error {
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
	have := Stand(f)
	t.weigh(f, have)
	others := f.Principal.Role.AtLeast(f.Settings.AllRunsMinimumRole)
	if have.Permission.AtLeast(sb.CanView) && (own || r.Pinned || others) {
		return nil
	}
	return NoRun()
}

// seeRuns says whether other people's runs may be seen where the dataset may: on the facts' one, or without one at all.
func seeRuns(f sb.Facts, t *trail) error {
	if f.Dataset != nil {
		if err := needPermission(f, t, sb.ActSeeRuns); err != nil {
			return err
		}
	}
	least := f.Settings.AllRunsMinimumRole
	t.add("setting", "Other people's runs are shown from the role %s on; pinned ones to everyone who sees the dataset.", least)
	if !f.Principal.Role.AtLeast(least) {
		return sb.Errorf(sb.Forbidden, "other people's runs need the role %s; %s the role %s", least, t.has(), f.Principal.Role)
	}
	return nil
}

// onRun demands what an action takes on any run of the dataset, or being its submitter where that is enough.
func onRun(f sb.Facts, t *trail, submitter bool, onAny sb.Action) error {
	if err := seeRun(f, t); err != nil {
		return err
	}
	if submitter && f.Run.CreatedBy.ID == f.Principal.ID {
		t.add("submitter", "It is the run of %s.", f.Principal.Name)
		return nil
	}
	if f.Run.DatasetID == "" {
		return needRole(f, t, sb.ActAdminister)
	}
	return needPermission(f, t, onAny)
}

func useKeys(f sb.Facts, t *trail) error {
	t.add("setting", "API keys are for the roles %s.", listed(f.Settings.APIKeyRoles))
	if !KeysAllowed(f.Principal.Role, f.Settings) {
		return sb.Errorf(sb.Forbidden, "API keys are for the roles %s; %s the role %s", listed(f.Settings.APIKeyRoles), t.has(), f.Principal.Role)
	}
	return nil
}
