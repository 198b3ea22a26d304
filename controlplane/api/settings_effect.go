package api

import (
	"context"
	"net/http"

	sb "signalbox"
)

// SettingsEffect is what a change of the settings would do at once. Defaults count for what comes later alone.
type SettingsEffect struct {
	Gain []RoleRight `json:"gain"`
	Lose []RoleRight `json:"lose"`
}

// RoleRight is a right that everyone with a role would gain or lose, and how many that are.
type RoleRight struct {
	Role            sb.Role `json:"role"`
	Right           string  `json:"right" enum:"all_runs,api_keys" doc:"As in the matrix of roles."`
	Users           int     `json:"users"`
	ServiceAccounts int     `json:"service_accounts"`
	Keys            int     `json:"keys" doc:"API keys that they hold and that have not expired."`
}

// byRole are the rights that settings give to roles.
var byRole = []struct {
	name   string
	action sb.Action
}{{"api_keys", sb.ActUseKeys}, {"all_runs", sb.ActSeeRuns}}

// foresee compares what the rules say before and after, role by role.
func (h settings) foresee(ctx context.Context, before, after sb.Settings) (*foreseen, error) {
	if err := h.comesBack(callerOf(ctx), before, after); err != nil {
		return nil, err
	}
	heads, err := h.organisation.Headcounts(ctx)
	if err != nil {
		return nil, err
	}
	out := SettingsEffect{Gain: []RoleRight{}, Lose: []RoleRight{}}
	for _, n := range heads {
		for _, right := range byRole {
			had, has := h.has(n.Role, before, right.action), h.has(n.Role, after, right.action)
			one := RoleRight{Role: n.Role, Right: right.name, Users: n.Users, ServiceAccounts: n.ServiceAccounts, Keys: n.Keys}
			switch {
			case has && !had:
				out.Gain = append(out.Gain, one)
			case had && !has:
				out.Lose = append(out.Lose, one)
			}
		}
	}
	return &foreseen{Status: http.StatusOK, Body: out}, nil
}

func (h settings) has(role sb.Role, s sb.Settings, a sb.Action) bool {
	return h.access.Check(sb.Facts{Principal: sb.Principal{Role: role}, Settings: s}, a) == nil
}
