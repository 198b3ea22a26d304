package api

import (
	"context"
	"slices"

	sb "signalbox"
)

// Settings are the organisation's.
type Settings struct {
	DefaultUserRole                         sb.Role       `json:"default_user_role"`
	DefaultDatasetPermission                sb.Permission `json:"default_dataset_permission"`
	DefaultOperatorMinimumRole              sb.Role       `json:"default_operator_minimum_role"`
	DefaultOperatorMinimumDatasetPermission sb.Permission `json:"default_operator_minimum_dataset_permission"`
	AllRunsMinimumRole                      sb.Role       `json:"all_runs_minimum_role"`
	APIKeyRoles                             []sb.Role     `json:"api_key_roles"`
}

// RoleRow is what one role may do.
type RoleRow struct {
	Role                     sb.Role         `json:"role"`
	Administer               bool            `json:"administer" doc:"Plugins, orchestrators, principals, settings."`
	CreateDataset            bool            `json:"create_dataset"`
	HighestDatasetPermission sb.Permission   `json:"highest_dataset_permission"`
	DefaultAccess            bool            `json:"default_access" doc:"Gets a dataset's default access without a grant."`
	MayBeGranted             []sb.Permission `json:"may_be_granted"`
	AllRuns                  bool            `json:"all_runs" doc:"Sees other people's runs where it sees the dataset."`
	APIKeys                  bool            `json:"api_keys"`
}

type settings struct{ access Access }

func (settings) show(ctx context.Context, _ *none) (*answer[Settings], error) {
	return answerOf(Settings(callerOf(ctx).Settings)), nil
}

func (h settings) roles(ctx context.Context, _ *none) (*answer[List[RoleRow]], error) {
	rows := List[RoleRow]{Items: []RoleRow{}}
	for _, role := range slices.Backward(sb.Roles) {
		rows.Items = append(rows.Items, h.row(role, callerOf(ctx).Settings))
	}
	return answerOf(rows), nil
}

// row asks the rules themselves, so that the page shows what is enforced.
func (h settings) row(role sb.Role, s sb.Settings) RoleRow {
	f := sb.Facts{Principal: sb.Principal{Role: role}, Settings: s}
	onDataset := f
	onDataset.Dataset = &sb.Dataset{DefaultPermission: sb.CanView}
	plain := h.access.Effective(onDataset)
	onDataset.Own = sb.CanManage
	highest := h.access.Effective(onDataset)
	row := RoleRow{
		Role: role, HighestDatasetPermission: highest, DefaultAccess: plain.AtLeast(sb.CanView),
		Administer:    h.access.Check(f, sb.ActAdminister) == nil,
		CreateDataset: h.access.Check(f, sb.ActCreateDataset) == nil,
		MayBeGranted:  []sb.Permission{},
		AllRuns:       role.AtLeast(s.AllRunsMinimumRole),
		APIKeys:       slices.Contains(s.APIKeyRoles, role),
	}
	for _, p := range sb.Permissions[1:] {
		if role != sb.Admin && highest.AtLeast(p) {
			row.MayBeGranted = append(row.MayBeGranted, p)
		}
	}
	return row
}
