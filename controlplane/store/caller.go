package store

import (
	"github.com/uptrace/bun"

	sb "signalbox"
)

// callerRow is who calls, with the organisation's settings: what every request begins with, read in one query with
// what let him in.
type callerRow struct {
	Principal principalRow `bun:"embed:p_"`
	Settings  settingsRow  `bun:"embed:o_"`
}

// callerColumns are the columns of a callerRow, of principals AS p and settings AS o.
func callerColumns(q bun.IDB) string {
	return columns(q, principalRow{}, "p", "p_") + ", " + columns(q, settingsRow{}, "o", "o_")
}

func (row callerRow) caller() (sb.Principal, sb.Settings, error) {
	v, err := row.Settings.settings()
	return row.Principal.principal(), v, tidy(err)
}
