package config

import sb "signalbox"

// Demo is whether `signalbox dev` shows something at its first start.
type Demo struct {
	On bool `envconfig:"SIGNALBOX_DEMO" default:"1" desc:"0: dev makes no demonstration plugin, dataset or run, and nobody gets in as a demonstration user."`
}

func (d *Demo) validate() []sb.Fault { return nil }
