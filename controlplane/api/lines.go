package api

import (
	"context"
	"time"

	sb "signalbox"
)

// NumberedEntry is an entry of a log with its number, from 0.
type NumberedEntry struct {
	Number int64 `json:"number"`
	LogEntry
}

// LogLines is a window of a log of any size.
type LogLines struct {
	Lines    []NumberedEntry `json:"lines"`
	Next     *int64          `json:"next" doc:"The number to go on from, also if there are fewer lines than count; null at the end."`
	Complete bool            `json:"complete" doc:"Nothing will be added."`
}

// LogIndex tells what a log holds.
type LogIndex struct {
	Lines      int64                 `json:"lines"`
	Levels     map[sb.Severity]int64 `json:"levels"`
	FirstError *int64                `json:"first_error" doc:"The number of the first line that is an error or worse."`
	Complete   bool                  `json:"complete" doc:"Nothing will be added."`
}

type linesInput struct {
	ByID
	From   int64       `query:"from" minimum:"0" doc:"Number of the first line; they count from 0."`
	Count  int         `query:"count" minimum:"1" maximum:"5000" default:"500" doc:"Most lines; of long ones as many as 4 MiB hold, and one at least."`
	Since  time.Time   `query:"since" doc:"From the first line of that time, or a later one, on."`
	Level  sb.Severity `query:"level" enum:"DEBUG,INFO,WARNING,ERROR,CRITICAL" doc:"This one and worse."`
	Search string      `query:"search" maxLength:"200" doc:"Whatever the case. An answer searches a finished log for about a second; go on from next until it is null."`
}

func (h runLogs) lines(ctx context.Context, in *linesInput) (*answer[LogLines], error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.logs.Lines(ctx, run, sb.LineQuery{From: in.From, Count: in.Count, Level: in.Level, Search: in.Search, Since: in.Since})
	if err != nil {
		return nil, err
	}
	out := LogLines{Lines: make([]NumberedEntry, 0, len(w.Lines)), Complete: w.Complete}
	for _, l := range w.Lines {
		out.Lines = append(out.Lines, NumberedEntry{l.Number, entryOf(l.Line)})
	}
	if w.Next >= 0 {
		out.Next = &w.Next
	}
	return answerOf(out), nil
}

func (h runLogs) index(ctx context.Context, in *ByID) (*answer[LogIndex], error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	x, err := h.logs.Index(ctx, run)
	if err != nil {
		return nil, err
	}
	out := LogIndex{Lines: x.Lines, Levels: x.Levels, FirstError: x.FirstError, Complete: x.Complete}
	if out.Levels == nil {
		out.Levels = map[sb.Severity]int64{}
	}
	return answerOf(out), nil
}
