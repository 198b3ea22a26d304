package config

import (
	"strings"

	sb "signalbox"
)

// Database is where runs and everything about them are kept.
type Database struct {
	URL string `envconfig:"SIGNALBOX_DATABASE_URL" shown:"SQLite in the data folder" desc:"Postgres as postgres://user:password@host/database. Needed for several replicas."`
}

func (d *Database) validate() []sb.Fault {
	known := d.URL == "" || strings.HasPrefix(d.URL, "postgres://") || strings.HasPrefix(d.URL, "postgresql://")
	return fault(known, "SIGNALBOX_DATABASE_URL", "must begin with postgres://, or be empty for SQLite in the data folder", nil)
}
