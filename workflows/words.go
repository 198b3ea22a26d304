package workflows

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	sb "signalbox"
)

// maxSummary is the most bytes of a summary as JSON: Temporal refuses more than 400 with the payload's envelope.
const maxSummary = 320

// summary says on one line what a run does, for Temporal's list of workflows.
func (o Options) summary(run sb.Run) string {
	text := run.Operator
	if o.Names && run.Dataset != "" {
		text += " on dataset " + run.Dataset
	}
	if o.Names && run.CreatedBy.Name != "" {
		text += " for " + run.CreatedBy.Name
	}
	for limit := maxSummary; ; limit -= 16 {
		short := shorten(text, limit)
		if quoted, err := json.Marshal(short); err == nil && len(quoted) <= maxSummary {
			return short
		}
	}
}

// details says what there is to know about a run that never changes.
func (o Options) details(run sb.Run) string {
	at := "pool `" + pool(run.Target.Pool) + "`"
	if run.Outside() {
		at = run.Target.Words()
	}
	text := fmt.Sprintf("Run `%s`, attempt %d, on orchestrator `%s`, %s.\n\nSignalbox knows its progress, log and result. "+
		"Cancelling this workflow stops the run; terminating it does too, but is noticed only after a while.",
		run.ID, run.Attempt, run.Orchestrator, at)
	if run.PluginVersion != "" {
		text += fmt.Sprintf("\n\nPlugin `%s`, version `%s`, revision %d.", run.Plugin, run.PluginVersion, run.PluginRevision)
	}
	return shorten(text, 4000)
}

// What the workflow's current details say as the run goes on.
const (
	sayStopping = "A stop was asked. The worker ends the work: SIGTERM to its processes, SIGKILL 10 seconds later."
	sayUnsent   = "It was cancelled before it was sent to a worker. The end is being recorded."
	sayRecorded = "The end of the work is recorded."
)

const sayStoppingThere = "A stop was asked. It is asked for at the orchestrator too, again and again, until the end is confirmed there."

func saySubmitting(in Input) string {
	return fmt.Sprintf("Being sent to %s on orchestrator `%s`. While that does not answer, it is tried again.", in.Pool, in.Orchestrator)
}

func sayThere(in Input, stopped bool) string {
	if stopped {
		return sayStoppingThere
	}
	return fmt.Sprintf("Orchestrator `%s` has it: %s. Signalbox looks there and tells this workflow when the work has ended; "+
		"progress and log are in Signalbox.", in.Orchestrator, in.Pool)
}

func saySent(in Input) string {
	return fmt.Sprintf("Sent to pool `%s` of orchestrator `%s`. It begins as soon as a worker there has room; until then the "+
		"activity below is not started. Progress and log are in Signalbox.", in.Pool, in.Orchestrator)
}

func sayWaiting(how How, asked int, again time.Duration) string {
	return fmt.Sprintf("%s The worker still holds the work, as far as its signs of life tell; the run goes on. Asked %d times, "+
		"again in %s.", how.words(), asked, again)
}

// words tells what was seen of the work's activity.
func (h How) words() string {
	text := map[Sign]string{
		Returned:   "The worker is done with it.",
		HandedBack: "The worker handed it back.",
		Broke:      "The worker could not go on with it",
		Cancelled:  "It was cancelled.",
		Silent:     "Temporal has not heard from the worker for a while.",
		Stopping:   sayStopping,
	}[h.Sign]
	if h.Sign == Broke {
		text += ": " + h.Reason + "."
	}
	return text
}

// shorten cuts text to at most so many characters, with an ellipsis, and makes it valid UTF-8.
func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
