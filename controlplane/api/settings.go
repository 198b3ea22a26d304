package api

import (
	"context"
	"net/http"
	"reflect"
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
	logins       Logins
}

func (s *server) settingRoutes() {
	h := settings{s.Access, s.Organisation, s.Logins}
	change := route{method: patch, path: "/settings", what: "Change the settings of the organisation; they count from the next request", door: forPeople, right: sb.ActAdminister}
	on(s, route{method: get, path: "/roles", what: "What each role may do", door: forPeople}, h.roles)
	on(s, route{method: get, path: "/settings", what: "The settings of the organisation", door: forPeople}, h.show)
	on(s, change, h.patch)
	s.documentForesight(change, reflect.TypeFor[Settings](), reflect.TypeFor[SettingsEffect]())
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
	DryRun bool `query:"dry_run" doc:"Change nothing; answer which roles would gain and lose what at once."`
}

// changed is what the settings would be by the patch.
func (in *settingsPatch) changed(s sb.Settings) sb.Settings {
	b := in.Body
	set(&s.DefaultUserRole, b.DefaultUserRole)
	set(&s.DefaultDatasetPermission, b.DefaultDatasetPermission)
	set(&s.DefaultOperatorMinimumRole, b.DefaultOperatorMinimumRole)
	set(&s.DefaultOperatorMinimumDatasetPermission, b.DefaultOperatorMinimumDatasetPermission)
	set(&s.AllRunsMinimumRole, b.AllRunsMinimumRole)
	set(&s.JustInTimeUsers, b.JustInTimeUsers)
	if b.APIKeyRoles != nil {
		s.APIKeyRoles = inOrder(*b.APIKeyRoles)
	}
	return s
}

func (h settings) patch(ctx context.Context, in *settingsPatch) (*foreseen, error) {
	c := callerOf(ctx)
	if in.DryRun {
		return h.foresee(ctx, c.Settings, in.changed(c.Settings))
	}
	after, err := h.organisation.UpdateSettings(ctx, func(before sb.Settings) (sb.Settings, error) {
		after := in.changed(before)
		return after, h.comesBack(c, before, after)
	})
	if err != nil {
		return nil, err
	}
	return &foreseen{Status: http.StatusOK, Body: settingsOf(after)}, nil
}

// comesBack demands that who takes from admins the right to use keys came in by a login provider that is still set up:
// there is another way in, to give it back. With a key alone he could shut himself and everybody else out.
func (h settings) comesBack(c caller, before, after sb.Settings) error {
	if !slices.Contains(before.APIKeyRoles, sb.Admin) || slices.Contains(after.APIKeyRoles, sb.Admin) {
		return nil
	}
	why := "you came with an API key, which would open nothing any more; an admin who is logged in may take it out"
	if c.session != nil {
		if h.lasts(*c.session) {
			return nil
		}
		why = "you are not logged in by a login provider that is set up, so perhaps nobody could log in to put it back"
	}
	return sb.Faulty(faultyDetail, sb.Fault{Location: "body.api_key_roles", Message: "must keep admin: " + why})
}

// lasts tells whether a session came by a provider that can let its user in again. The demonstration can be switched
// off; a program was let in by somebody who had logged in by one of those there are.
func (h settings) lasts(s sb.Session) bool {
	return slices.ContainsFunc(h.logins.Providers(), func(p sb.Provider) bool {
		return p.Kind != sb.Demo && (s.Provider == p.Name || s.Provider == sb.DeviceProvider)
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
