package signalbox

import (
	"fmt"
	"time"
)

// Scrubbed notes that an admin had text blanked out in the log of a run. What was blanked is told nowhere.
type Scrubbed struct {
	At     time.Time
	By     Who
	Places int
}

func (c Scrubbed) when() time.Time { return c.At }

func (c Scrubbed) apply(r *Run) ([]Event, error) {
	if r.Attempt == 0 {
		return nil, Errorf(Conflict, "run %s has not been sent anywhere, and has no log", r.ID)
	}
	places := "One place of the log was"
	if c.Places != 1 {
		places = fmt.Sprintf("%d places of the log were", c.Places)
	}
	return []Event{{Kind: EventLogScrubbed, Actor: c.By, Message: places + " blanked out by " + c.By.Name + "."}}, nil
}
