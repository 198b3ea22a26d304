package config

import (
	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// Log is what the process says of itself, as JSON lines on its standard error.
type Log struct {
	Level logrus.Level `envconfig:"SIGNALBOX_LOG_LEVEL" default:"info" desc:"Least level of our own log lines: error, warn, info, debug or trace."`
}

func (l *Log) validate() []sb.Fault { return nil }
