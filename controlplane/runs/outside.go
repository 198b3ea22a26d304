package runs

import (
	"context"
	"fmt"

	sb "signalbox"
)

// Submitting notes that an attempt is about to be sent to an orchestrator that we do not own, as name. Only when it
// returned nil may the attempt be sent. Errors: RunOver, Conflict (it must not be).
func (w *Work) Submitting(ctx context.Context, ref sb.AttemptRef, name string) (sb.Run, error) {
	now, err := w.store.Now(ctx)
	if err != nil {
		return sb.Run{}, err
	}
	run, err := w.store.Change(ctx, ref.Run, applyAll(sb.Submitting{At: now, Attempt: ref.Attempt, Name: name}))
	sb.FaultPoint("submit.named") // nothing was sent yet
	return run, err
}

// Submitted notes that the orchestrator has an attempt, and where. Errors: Conflict (its work counts as ended).
func (w *Work) Submitted(ctx context.Context, ref sb.AttemptRef, at sb.Place) error {
	err := w.change(ctx, ref.Run, func(now stamp) sb.Change {
		return sb.Submitted{At: now, Attempt: ref.Attempt, Place: at}
	})
	sb.FaultPoint("submit.after")
	return err
}

// Delayed notes why an attempt cannot be sent now.
func (w *Work) Delayed(ctx context.Context, ref sb.AttemptRef, why string) error {
	err := w.change(ctx, ref.Run, func(now stamp) sb.Change { return sb.Delayed{At: now, Attempt: ref.Attempt, Why: why} })
	sb.FaultPoint("delay.after")
	return err
}

// Observed notes how an attempt was seen there, and gives the run as it is then. Conflict when another watches.
func (w *Work) Observed(ctx context.Context, by sb.WatchRef, ref sb.AttemptRef, seen sb.Seen) (sb.Run, error) {
	now, err := w.store.Now(ctx)
	if err != nil {
		return sb.Run{}, err
	}
	run, err := w.store.ChangeWatched(ctx, by, ref.Run, func(run sb.Run) (sb.Run, []sb.Event, error) {
		if run.Attempt != ref.Attempt { // the run has gone on
			return run, nil, nil
		}
		return run.Apply(sb.Observed{At: now, Attempt: ref.Attempt, Seen: seen})
	})
	sb.FaultPoint("observe.after")
	return run, err
}

// EndSeen ends the work of an attempt if its end there is certain by now, with what the orchestrator knows of its outcome;
// found is used when the attempt reported none. Conflict when another watches.
func (w *Work) EndSeen(ctx context.Context, by sb.WatchRef, ref sb.AttemptRef, found *sb.Outcome) error {
	if found != nil {
		if err := w.fit(ctx, ref, found); err != nil {
			return err
		}
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	w.storeWaiting(ctx, ref)
	_, err = w.store.ChangeWatched(ctx, by, ref.Run, func(run sb.Run) (sb.Run, []sb.Event, error) {
		end, certain := run.Settled(now)
		if run.Attempt != ref.Attempt || !certain {
			return run, nil, nil
		}
		return run.Apply(sb.EndWork{At: now, Attempt: ref.Attempt, End: end, Found: found})
	})
	sb.FaultPoint("seen.end")
	return err
}

// FoundLate keeps the outcome of work whose end was recorded without. Conflict: its run has gone on, or another watches.
func (w *Work) FoundLate(ctx context.Context, by sb.WatchRef, ref sb.AttemptRef, found sb.Outcome) error {
	if err := w.fit(ctx, ref, &found); err != nil {
		return err
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	_, err = w.store.ChangeWatched(ctx, by, ref.Run, applyAll(sb.Found{At: now, Attempt: ref.Attempt, Outcome: found}))
	sb.FaultPoint("found.late")
	return err
}

// fit makes what was found at an orchestrator fit to be kept: masked, bounded, a large result in the blob store.
func (w *Work) fit(ctx context.Context, ref sb.AttemptRef, o *sb.Outcome) error {
	p := sb.Process{AttemptRef: ref, Source: sb.MainSource, Try: 1}
	mask, err := w.Mask(ctx, p)
	if err != nil {
		return err
	}
	o.Message, o.Stack = cut(mask.Text(o.Message), maxMessage), cut(mask.Text(o.Stack), maxStack)
	o.Result, o.OutputsSchema = mask.JSON(o.Result), mask.JSON(o.OutputsSchema)
	if len(o.Result) > maxResult {
		o.Result = nil
		o.Message = fmt.Sprintf("its result is larger than %d bytes and was not taken over", maxResult)
	}
	if len(o.Result) <= inlineResult {
		return nil
	}
	result := o.Result
	o.Result, o.ResultKey = nil, fmt.Sprintf("results/%s/%d-%s.json", ref.Run, ref.Attempt, hashParts("found", result)[:16])
	return w.put(ctx, o.ResultKey, result)
}

// Unasked notes that an orchestrator cannot be asked about an attempt. Conflict when another watches.
func (w *Work) Unasked(ctx context.Context, by sb.Watch, ref sb.AttemptRef) error {
	now, err := w.store.Now(ctx)
	if err != nil || by.FailingSince == nil {
		return err
	}
	_, err = w.store.ChangeWatched(ctx, by.Ref(), ref.Run, func(run sb.Run) (sb.Run, []sb.Event, error) {
		if run.Attempt != ref.Attempt {
			return run, nil, nil
		}
		return run.Apply(sb.Unasked{At: now, Since: *by.FailingSince, Why: by.Trouble})
	})
	return err
}
