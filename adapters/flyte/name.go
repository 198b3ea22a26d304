package flyte

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	sb "signalbox"
)

// The annotations of an execution that tell whose it is.
const (
	noteRun          = "signalbox/run"
	noteAttempt      = "signalbox/attempt"
	noteInstallation = "signalbox/installation"
)

// Name is s<run>-<attempt>, at most 30 characters: names of pods are made of it. Whose it is stands in its annotations.
// See sb.Adapter.
func (*Adapter) Name(_ string, ref sb.AttemptRef) string {
	return fmt.Sprintf("s%s-%d", strings.ToLower(ref.Run), ref.Attempt)
}

var ourName = regexp.MustCompile(`^s[0-9a-z]{26}-[0-9]{1,2}$`)

// annotations say which attempt of which installation an execution is.
func annotations(d sb.Submission) map[string]string {
	return map[string]string{noteRun: d.Run, noteAttempt: strconv.Itoa(d.Attempt), noteInstallation: d.Installation}
}

// refOf reads which attempt annotations name.
func refOf(notes map[string]string) sb.AttemptRef {
	n, _ := strconv.Atoi(notes[noteAttempt])
	return sb.AttemptRef{Run: notes[noteRun], Attempt: n}
}

// ours tells whether annotations are those of a submission.
func ours(notes map[string]string, d sb.Submission) bool {
	return notes[noteInstallation] == d.Installation && refOf(notes) == d.AttemptRef
}
