package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// settingsRow is the row of settings.
type settingsRow struct {
	bun.BaseModel                           `bun:"table:settings"`
	One                                     int
	DefaultUserRole                         sb.Role
	DefaultDatasetPermission                sb.Permission
	DefaultOperatorMinimumRole              sb.Role
	DefaultOperatorMinimumDatasetPermission sb.Permission
	AllRunsMinimumRole                      sb.Role
	APIKeyRoles                             string
	JustInTimeUsers                         bool
}

func (row settingsRow) settings() (sb.Settings, error) {
	v := sb.Settings{
		DefaultUserRole: row.DefaultUserRole, DefaultDatasetPermission: row.DefaultDatasetPermission,
		DefaultOperatorMinimumRole:              row.DefaultOperatorMinimumRole,
		DefaultOperatorMinimumDatasetPermission: row.DefaultOperatorMinimumDatasetPermission,
		AllRunsMinimumRole:                      row.AllRunsMinimumRole, JustInTimeUsers: row.JustInTimeUsers,
	}
	return v, json.Unmarshal([]byte(row.APIKeyRoles), &v.APIKeyRoles)
}

func toSettingsRow(v sb.Settings) (*settingsRow, error) {
	if v.APIKeyRoles == nil {
		v.APIKeyRoles = []sb.Role{}
	}
	roles, err := text(v.APIKeyRoles)
	return &settingsRow{
		One: 1, DefaultUserRole: v.DefaultUserRole, DefaultDatasetPermission: v.DefaultDatasetPermission,
		DefaultOperatorMinimumRole:              v.DefaultOperatorMinimumRole,
		DefaultOperatorMinimumDatasetPermission: v.DefaultOperatorMinimumDatasetPermission,
		AllRunsMinimumRole:                      v.AllRunsMinimumRole, APIKeyRoles: roles, JustInTimeUsers: v.JustInTimeUsers,
	}, err
}

func insertSettings(ctx context.Context, q bun.IDB, v sb.Settings) error {
	row, err := toSettingsRow(v)
	if err != nil {
		return err
	}
	return insert(ctx, q, row)
}

// Settings reads the organisation's settings.
func (s *Store) Settings(ctx context.Context) (sb.Settings, error) {
	v, err := settings(ctx, s.read)
	return v, tidy(err)
}

func settings(ctx context.Context, q bun.IDB) (sb.Settings, error) {
	var row settingsRow
	if err := q.NewRaw("SELECT * FROM settings").Scan(ctx, &row); err != nil {
		return sb.Settings{}, err
	}
	return row.settings()
}

// UpdateSettings changes the organisation's settings by a pure function. They decide about permissions, so the
// organisation is held meanwhile; every request reads them with its caller, so the next one goes by them.
func (s *Store) UpdateSettings(ctx context.Context, f func(sb.Settings) (sb.Settings, error)) (sb.Settings, error) {
	var after sb.Settings
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		before, err := settings(ctx, t)
		if err != nil {
			return err
		}
		if after, err = f(before); err != nil {
			return err
		}
		old, err := toSettingsRow(before)
		if err != nil {
			return err
		}
		row, err := toSettingsRow(after)
		if err != nil {
			return err
		}
		n, err := t.update(ctx, old, row, "one = 1")
		if err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, "settings.update", sb.Object{Kind: "settings", ID: "settings", Name: "settings"}, settingsEdits(before, after))
	})
	return after, err
}

func settingsEdits(before, after sb.Settings) edits {
	return edits{}.field("default_user_role", before.DefaultUserRole, after.DefaultUserRole).
		field("default_dataset_permission", before.DefaultDatasetPermission, after.DefaultDatasetPermission).
		field("default_operator_minimum_role", before.DefaultOperatorMinimumRole, after.DefaultOperatorMinimumRole).
		field("default_operator_minimum_dataset_permission", before.DefaultOperatorMinimumDatasetPermission, after.DefaultOperatorMinimumDatasetPermission).
		field("all_runs_minimum_role", before.AllRunsMinimumRole, after.AllRunsMinimumRole).
		field("api_key_roles", before.APIKeyRoles, after.APIKeyRoles).
		field("just_in_time_users", before.JustInTimeUsers, after.JustInTimeUsers)
}

// Headcounts counts who has each role, and the API keys they hold that have not expired. Nobody has a role that is not
// listed.
func (s *Store) Headcounts(ctx context.Context) ([]sb.Headcount, error) {
	var rows []sb.Headcount
	err := s.read.NewRaw(`SELECT role, count(*) FILTER (WHERE kind = ?) AS users, count(*) FILTER (WHERE kind = ?) AS service_accounts, sum(has) AS keys
		FROM (SELECT p.role, p.kind, (SELECT count(*) FROM api_keys AS k WHERE k.owner_id = p.id AND (k.expires_at = 0 OR k.expires_at > ?)) AS has
			FROM principals AS p WHERE p.deleted_at = 0) AS each
		GROUP BY role ORDER BY role`, sb.User, sb.ServiceAccount, s.nowSQL()).Scan(ctx, &rows)
	return rows, tidy(err)
}
