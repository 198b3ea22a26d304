package workflows

import (
	"fmt"

	"github.com/sirupsen/logrus"
	"go.temporal.io/sdk/log"
)

// logger writes the SDK's lines to logrus.
type logger struct{ entry *logrus.Entry }

var (
	_ log.Logger     = logger{}
	_ log.WithLogger = logger{}
)

// Debug writes at debug level.
func (l logger) Debug(message string, pairs ...any) { l.write(logrus.DebugLevel, message, pairs) }

// Info writes at info level.
func (l logger) Info(message string, pairs ...any) { l.write(logrus.InfoLevel, message, pairs) }

// Warn writes a warning.
func (l logger) Warn(message string, pairs ...any) { l.write(logrus.WarnLevel, message, pairs) }

// Error writes an error.
func (l logger) Error(message string, pairs ...any) { l.write(logrus.ErrorLevel, message, pairs) }

// With gives a logger whose lines all carry the pairs.
func (l logger) With(pairs ...any) log.Logger { return logger{l.entry.WithFields(fields(pairs))} }

func (l logger) write(level logrus.Level, message string, pairs []any) {
	if l.entry.Logger.IsLevelEnabled(level) {
		l.entry.WithFields(fields(pairs)).Log(level, message)
	}
}

// fields reads the SDK's pairs: a key, its value, the next key, …; a key without value is kept with nil.
func fields(pairs []any) logrus.Fields {
	f := make(logrus.Fields, (len(pairs)+1)/2)
	for i := 0; i < len(pairs); i += 2 {
		var value any
		if i+1 < len(pairs) {
			value = pairs[i+1]
		}
		f[fmt.Sprint(pairs[i])] = value
	}
	return f
}
