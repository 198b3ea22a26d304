package api

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	sb "signalbox"
)

type scrubInput struct {
	ByID
	Body struct {
		Texts []string `json:"texts" minItems:"1" maxItems:"20" doc:"Each is looked for as it is, as text in JSON, in URLs and in Base64. At least 6 characters in one line."`
	}
}

// LogScrubbed tells what scrubbing has done.
type LogScrubbed struct {
	Places int `json:"places" doc:"How many places of the log were blanked out."`
}

// scrub blanks out texts in a run's log. They are kept and told nowhere.
func (h runLogs) scrub(ctx context.Context, in *scrubInput) (*answer[LogScrubbed], error) {
	var faults []sb.Fault
	for i, text := range in.Body.Texts {
		if long := longestLine(text); long < sb.MinSecret {
			faults = append(faults, sb.Fault{Location: fmt.Sprintf("body.texts[%d]", i), Message: fmt.Sprintf("has less than %d characters in one line: too much would be blanked out", sb.MinSecret)})
		}
	}
	if faults != nil {
		return nil, sb.Faulty(faultyDetail, faults...)
	}
	who := callerOf(ctx).Principal
	run, err := h.life.Run(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	places, err := h.logs.Scrub(ctx, run.ID, sb.NewMask(in.Body.Texts...), func(places int) error {
		return h.life.Scrubbed(ctx, who, run.ID, places)
	})
	return answerOf(LogScrubbed{Places: places}), err
}

func longestLine(text string) (most int) {
	for line := range strings.Lines(text) {
		most = max(most, utf8.RuneCountInString(strings.TrimRight(line, "\r\n")))
	}
	return most
}
