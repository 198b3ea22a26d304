package client

import (
	"context"
	"net/http"

	sb "signalbox"
)

// Organisation is the part of the API about the settings of all.
type Organisation struct{ c *conn }

// Settings are the organisation's.
type Settings struct {
	Document
	DefaultUserRole                         sb.Role       `json:"default_user_role"`
	DefaultDatasetPermission                sb.Permission `json:"default_dataset_permission"`
	DefaultOperatorMinimumRole              sb.Role       `json:"default_operator_minimum_role"`
	DefaultOperatorMinimumDatasetPermission sb.Permission `json:"default_operator_minimum_dataset_permission"`
	AllRunsMinimumRole                      sb.Role       `json:"all_runs_minimum_role"`
	APIKeyRoles                             []sb.Role     `json:"api_key_roles"`
	JustInTimeUsers                         bool          `json:"just_in_time_users"`
}

// UnmarshalJSON reads settings and keeps their text.
func (s *Settings) UnmarshalJSON(b []byte) error {
	type plain Settings
	return keep(b, (*plain)(s), &s.JSON)
}

// Settings reads them.
func (o Organisation) Settings(ctx context.Context) (Settings, error) {
	return read[Settings](ctx, o.c, "/settings", nil)
}

// SettingsEffect is what a change of the settings would do at once.
type SettingsEffect struct {
	Document
	Gain []RoleRight `json:"gain"`
	Lose []RoleRight `json:"lose"`
}

// UnmarshalJSON reads an effect and keeps its text.
func (e *SettingsEffect) UnmarshalJSON(b []byte) error {
	type plain SettingsEffect
	return keep(b, (*plain)(e), &e.JSON)
}

// RoleRight is a right, api_keys or all_runs, that everyone with a role would gain or lose, and how many that are.
type RoleRight struct {
	Role            sb.Role `json:"role"`
	Right           string  `json:"right"`
	Users           int     `json:"users"`
	ServiceAccounts int     `json:"service_accounts"`
	Keys            int     `json:"keys"` // API keys that they hold
}

// ForeseeSettings tells what SetSettings would do, and changes nothing.
func (o Organisation) ForeseeSettings(ctx context.Context, changes map[string]any) (SettingsEffect, error) {
	return do[SettingsEffect](ctx, o.c, http.MethodPatch, "/settings?dry_run=true", changes)
}

// SetSettings changes the settings that are named, under the names of the API; it gives all of them.
func (o Organisation) SetSettings(ctx context.Context, changes map[string]any) (Settings, error) {
	return do[Settings](ctx, o.c, http.MethodPatch, "/settings", changes)
}
