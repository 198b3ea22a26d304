package devserver

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"

	"github.com/sirupsen/logrus"
	tlog "go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger writes the server's lines to logrus. Its Fatal never ends the process: it hands the fault over.
type logger struct {
	entry *logrus.Entry
	quiet *atomic.Bool // while stopping: the pollers' complaints about a closing server are no news
	fatal chan error
}

var _ tlog.Logger = (*logger)(nil)

func newLogger(l *logrus.Logger) *logger {
	if l == nil {
		l = logrus.New()
		l.SetOutput(io.Discard)
	}
	return &logger{entry: l.WithField("part", "temporal"), quiet: &atomic.Bool{}, fatal: make(chan error, 1)}
}

func (l *logger) write(level logrus.Level, message string, tags []tag.Tag) {
	if !l.entry.Logger.IsLevelEnabled(level) || l.quiet.Load() {
		return
	}
	l.with(tags).Log(level, message)
}

func (l *logger) with(tags []tag.Tag) *logrus.Entry {
	fields := make(logrus.Fields, len(tags))
	for _, t := range tags {
		fields[t.Key()] = t.Value()
	}
	return l.entry.WithFields(fields)
}

// Debug writes at trace level: the server is talkative.
func (l *logger) Debug(message string, tags ...tag.Tag) { l.write(logrus.TraceLevel, message, tags) }

// Info writes at debug level.
func (l *logger) Info(message string, tags ...tag.Tag) { l.write(logrus.DebugLevel, message, tags) }

// Warn writes a warning.
func (l *logger) Warn(message string, tags ...tag.Tag) { l.write(logrus.WarnLevel, message, tags) }

// Error writes an error.
func (l *logger) Error(message string, tags ...tag.Tag) { l.write(logrus.ErrorLevel, message, tags) }

// DPanic writes an error; it panics only in the server's own development.
func (l *logger) DPanic(message string, tags ...tag.Tag) { l.write(logrus.ErrorLevel, message, tags) }

// Panic writes an error and panics; the server recovers from it.
func (l *logger) Panic(message string, tags ...tag.Tag) {
	l.write(logrus.ErrorLevel, message, tags)
	panic(message)
}

// Fatal ends the calling goroutine and hands the fault over, instead of ending the process.
func (l *logger) Fatal(message string, tags ...tag.Tag) {
	l.write(logrus.ErrorLevel, message, tags)
	err := errors.New("temporal: " + message)
	for _, t := range tags {
		if t.Key() == "error" {
			err = fmt.Errorf("%w: %v", err, t.Value())
		}
	}
	select {
	case l.fatal <- err:
	default: // the first one counts
	}
	runtime.Goexit()
}

// With gives a logger whose lines all carry the tags.
func (l *logger) With(tags ...tag.Tag) tlog.Logger {
	return &logger{entry: l.with(tags), quiet: l.quiet, fatal: l.fatal}
}
