package api

import (
	"context"
	"slices"

	sb "signalbox"
)

// Settings are the organisation's.
type Settings struct {
	DefaultUserRole                         sb.Role       `json:"default_user_role" enum:"guest,labeler,collaborator,member,admin" doc:"Of a user whom nobody gave a role."`
	DefaultDatasetPermission                sb.Permission `json:"default_dataset_permission" enum:"none,view,tag,edit,manage" doc:"What Members have on a new dataset without a grant."`
	DefaultOperatorMinimumRole              sb.Role       `json:"default_operator_minimum_role" enum:"guest,labeler,collaborator,member,admin" doc:"Of operators new to a plugin."`
	DefaultOperatorMinimumDatasetPermission sb.Permission `json:"default_operator_minimum_dataset_permission" enum:"none,view,tag,edit,manage" doc:"Of operators new to a plugin."`
	AllRunsMinimumRole                      sb.Role       `json:"all_runs_minimum_role" enum:"guest,labeler,collaborator,member,admin" doc:"Who sees other people's runs where he sees the dataset."`
	APIKeyRoles                             []sb.Role     `json:"api_key_roles" enum:"guest,labeler,collaborator,member,admin" uniqueItems:"true" doc:"Keys of other roles open nothing until their role is here again."`
	JustInTimeUsers                         bool          `json:"just_in_time_users" doc:"A first login makes a user; else he needs an invitation."`
}

func settingsOf(s sb.Settings) Settings {
	return Settings{
		DefaultUserRole: s.DefaultUserRole, DefaultDatasetPermission: s.DefaultDatasetPermission,
		DefaultOperatorMinimumRole: s.DefaultOperatorMinimumRole, DefaultOperatorMinimumDatasetPermission: s.DefaultOperatorMinimumDatasetPermission,
		AllRunsMinimumRole: s.AllRunsMinimumRole, APIKeyRoles: some(s.APIKeyRoles), JustInTimeUsers: s.JustInTimeUsers,
	}
}

// RoleRow is what one role may do.
type RoleRow struct {
	Role                     sb.Role         `json:"role"`
	Administer               bool            `json:"administer" doc:"Plugins, orchestrators, principals, settings."`
	CreateDataset            bool            `json:"create_dataset"`
	CloneDataset             bool            `json:"clone_dataset" doc:"Of datasets that it sees."`
	ExportDataset            bool            `json:"export_dataset" doc:"Of datasets that it sees."`
	HighestDatasetPermission sb.Permission   `json:"highest_dataset_permission"`
	DefaultAccess            bool            `json:"default_access" doc:"Gets a dataset's default access without a grant."`
	MayBeGranted             []sb.Permission `json:"may_be_granted"`
	AllRuns                  bool            `json:"all_runs" doc:"Sees other people's runs where it sees the dataset."`
	APIKeys                  bool            `json:"api_keys"`
}

type settings struct {
	access       Access
	organisation Organisation
}

func (s *server) settingRoutes() {
	h := settings{s.Access, s.Organisation}
	on(s, route{method: get, path: "/roles", what: "What each role may do", door: forPeople}, h.roles)
	on(s, route{method: get, path: "/settings", what: "The settings of the organisation", door: forPeople}, h.show)
	on(s, route{method: patch, path: "/settings", what: "Change the settings of the organisation; they count from the next request", door: forPeople, right: sb.ActAdminister}, h.patch)
}

func (settings) show(ctx context.Context, _ *none) (*answer[Settings], error) {
	return answerOf(settingsOf(callerOf(ctx).Settings)), nil
}

type settingsPatch struct {
	Body struct {
		DefaultUserRole                         *sb.Role       `json:"default_user_role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		DefaultDatasetPermission                *sb.Permission `json:"default_dataset_permission,omitempty" enum:"none,view,tag,edit,manage"`
		DefaultOperatorMinimumRole              *sb.Role       `json:"default_operator_minimum_role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		DefaultOperatorMinimumDatasetPermission *sb.Permission `json:"default_operator_minimum_dataset_permission,omitempty" enum:"none,view,tag,edit,manage"`
		AllRunsMinimumRole                      *sb.Role       `json:"all_runs_minimum_role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		APIKeyRoles                             *[]sb.Role     `json:"api_key_roles,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		JustInTimeUsers                         *bool          `json:"just_in_time_users,omitempty"`
	}
}

func (h settings) patch(ctx context.Context, in *settingsPatch) (*answer[Settings], error) {
	b, c := in.Body, callerOf(ctx)
	after, err := h.organisation.UpdateSettings(ctx, func(s sb.Settings) (sb.Settings, error) {
		before := s
		set(&s.DefaultUserRole, b.DefaultUserRole)
		set(&s.DefaultDatasetPermission, b.DefaultDatasetPermission)
		set(&s.DefaultOperatorMinimumRole, b.DefaultOperatorMinimumRole)
		set(&s.DefaultOperatorMinimumDatasetPermission, b.DefaultOperatorMinimumDatasetPermission)
		set(&s.AllRunsMinimumRole, b.AllRunsMinimumRole)
		set(&s.JustInTimeUsers, b.JustInTimeUsers)
		if b.APIKeyRoles != nil {
			s.APIKeyRoles = inOrder(*b.APIKeyRoles)
		}
		return s, c.comesBack(before, s)
	})
	if err != nil {
		return nil, err
	}
	return answerOf(settingsOf(after)), nil
}

// comesBack demands that who takes from admins the right to use keys is logged in: he has another way in to give it
// back. With a key alone he could shut himself and everybody else out.
func (c caller) comesBack(before, after sb.Settings) error {
	if c.session != nil || !slices.Contains(before.APIKeyRoles, sb.Admin) || slices.Contains(after.APIKeyRoles, sb.Admin) {
		return nil
	}
	return sb.Faulty(faultyDetail, sb.Fault{
		Location: "body.api_key_roles",
		Message:  "must keep admin: you came with an API key, which would open nothing any more; an admin who is logged in may take it out",
	})
}

// inOrder lists roles from least to most.
func inOrder(roles []sb.Role) []sb.Role {
	return slices.DeleteFunc(slices.Clone(sb.Roles), func(r sb.Role) bool { return !slices.Contains(roles, r) })
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
		CloneDataset:  h.access.Check(onDataset, sb.ActClone) == nil,
		ExportDataset: h.access.Check(onDataset, sb.ActExport) == nil,
		MayBeGranted:  []sb.Permission{},
		AllRuns:       h.access.Check(f, sb.ActSeeRuns) == nil,
		APIKeys:       h.access.Check(f, sb.ActUseKeys) == nil,
	}
	for _, p := range sb.Permissions[1:] {
		if h.access.MayGrant(f, p) == nil {
			row.MayBeGranted = append(row.MayBeGranted, p)
		}
	}
	return row
}
