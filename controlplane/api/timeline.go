package api

import (
	"context"
	"strconv"
	"time"

	sb "signalbox"
)

// Waiting says why a run waits.
type Waiting struct {
	Position *int64     `json:"position" doc:"From 1; null when it does not wait in the queue."`
	Ahead    *int64     `json:"ahead"`
	Holds    string     `json:"holds" doc:"What holds it: quota, no_worker, disabled, retry, resources; empty for nothing."`
	Quota    int        `json:"quota"`
	Held     int        `json:"held" doc:"Slots in use."`
	Estimate *float64   `json:"estimate_seconds" doc:"About how long until it starts, by past runs of its operator; null when not known."`
	Summary  string     `json:"summary" doc:"All of it in words."`
	Since    *time.Time `json:"since"`
}

func (h runs) wait(ctx context.Context, in *ByID) (*answer[Waiting], error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.queue.Wait(ctx, run)
	if err != nil {
		return nil, err
	}
	return answerOf(waitingOf(w)), nil
}

func waitingOf(w sb.Wait) Waiting {
	out := Waiting{Holds: w.Holds, Quota: w.Quota, Held: w.Held, Summary: w.Summary}
	if w.Position > 0 {
		out.Position, out.Ahead = &w.Position, &w.Ahead
	}
	if seconds := w.Estimate.Seconds(); seconds > 0 {
		out.Estimate = &seconds
	}
	if !w.Since.IsZero() {
		out.Since = momentOf(&w.Since)
	}
	return out
}

// RunEvent is a line of a run's timeline.
type RunEvent struct {
	Seq     int64        `json:"seq"`
	At      time.Time    `json:"at"`
	Kind    sb.EventKind `json:"kind"`
	Attempt int          `json:"attempt"`
	Actor   Null[Who]    `json:"actor" doc:"Who did it; null when it happened by itself."`
	Message string       `json:"message"`
}

type eventsInput struct {
	ByID
	Paging
}

func (h runs) events(ctx context.Context, in *eventsInput) (*answer[List[RunEvent]], error) {
	after, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
	if err != nil {
		return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "query.cursor", Message: "take the next_cursor of the page before", Value: in.Cursor})
	}
	found, err := h.life.Events(ctx, callerOf(ctx).Principal, in.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	page := sb.Page[sb.Event]{Items: found}
	if len(found) > 0 && len(found) == in.Limit {
		page.Next = strconv.FormatInt(found[len(found)-1].Seq, 10)
	}
	return listOf(page, eventOut), nil
}

func eventOut(e sb.Event) RunEvent {
	out := RunEvent{Seq: e.Seq, At: moment(e.At), Kind: e.Kind, Attempt: e.Attempt, Message: e.Message}
	if e.Actor.ID != "" || e.Actor.Name != "" {
		who := whoOf(e.Actor)
		out.Actor = maybe(&who)
	}
	return out
}
