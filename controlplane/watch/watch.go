// Package watch is the bridge to orchestrators that we do not own: it sends attempts there, asks for their end, looks how
// they stand, and collects their logs. What is seen decides about a run only by the rules of its life; the bridge keeps
// nothing in memory that would be missed after a restart.
package watch

import (
	"context"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// Bridge reaches orchestrators that we do not own. It is safe for use by several goroutines and replicas.
type Bridge struct {
	store    Store
	life     Life
	adapters Adapters
	logs     Logs
	pages    string
	log      *logrus.Entry
	live     live
}

// Options say how the bridge shows itself.
type Options struct {
	Pages string // the address below which the pages are; "" for none
	Log   *logrus.Entry
}

// New makes the bridge.
func New(store Store, life Life, adapters Adapters, logs Logs, options Options) *Bridge {
	return &Bridge{store: store, life: life, adapters: adapters, logs: logs, pages: options.Pages, log: options.Log}
}

// unsent is the end of work that never reached its orchestrator.
var unsent = sb.End{HandedBack: true, Reason: "it was not sent any more"}

// Submit sends an attempt to its orchestrator, once, however often it is asked, or tells that its work has ended. Errors: those
// that asking again may mend.
func (b *Bridge) Submit(ctx context.Context, ref sb.AttemptRef) (ended bool, err error) {
	run, err := b.store.Run(ctx, ref.Run)
	if err != nil || over(run, ref) {
		return err == nil, err
	}
	o, adapter, err := b.adapters.Adapter(ctx, run.OrchestratorID)
	if err != nil {
		return false, b.delayed(ctx, ref, err)
	}
	installation, err := b.store.Installation(ctx)
	if err != nil {
		return false, err
	}
	sending, cancel := context.WithTimeout(ctx, sb.SendWithin)
	defer cancel()
	first := run.Work.Ref == ""
	run, err = b.life.Submitting(ctx, ref, adapter.Name(installation, ref))
	switch sb.CodeOf(err) {
	case "":
	case sb.RunOver, sb.Conflict:
		return b.life.Settle(ctx, ref, true, unsent)
	default:
		return false, err
	}
	d, err := submission(o, run, installation, run.Page(b.pages))
	if err != nil {
		return b.unsendable(sending, adapter, run, first, err)
	}
	at, err := adapter.Submit(sending, d)
	sb.FaultPoint("submit.sent") // it is there, and we do not know
	if err == nil {
		return b.arrived(ctx, adapter, ref, at)
	}
	return b.refused(ctx, ref, err)
}

// submission is what is sent for a run, whose page there is a link to. Errors: Invalid (its route is gone, or its inputs must not travel).
func submission(o sb.Orchestrator, run sb.Run, installation, page string) (sb.Submission, error) {
	d := sb.Submission{AttemptRef: run.Ref(), Name: run.Work.Ref, Installation: installation, Target: run.Target}
	d.Note = strings.TrimSpace(fmt.Sprintf("Signalbox run %s: %s for %s\n%s", run.ID, run.Operator, run.CreatedBy.Name, page))
	route, ok := o.RouteTo(run.Operator, run.Target)
	if !ok {
		return d, sb.Errorf(sb.Invalid, "no route of %s leads from %s to %s any more; schedule it again", o.Name, run.Operator, run.Target.Words())
	}
	var err error
	d.Inputs, err = route.InputsOf(run)
	return d, err
}

// unsendable rejects an attempt that must not be sent. Routes may change between two tries: what has been seen there goes on,
// and what an earlier try may have started is ended first.
func (b *Bridge) unsendable(ctx context.Context, adapter sb.Adapter, run sb.Run, first bool, why error) (ended bool, err error) {
	if run.Work.State != sb.WorkSubmitting {
		return false, nil
	}
	if !first {
		err := adapter.Stop(ctx, placeOf(run), "Signalbox run "+run.ID+" is rejected: "+message(why))
		if err != nil && sb.CodeOf(err) != sb.NotFound {
			return false, b.delayed(ctx, run.Ref(), err)
		}
	}
	return b.refused(ctx, run.Ref(), why)
}

// arrived notes where an attempt is. If its work counts as ended by now, it has no slot and may be tried again: it is ended
// there too. Should that not be answered, it is a stray, and shown as one.
func (b *Bridge) arrived(ctx context.Context, adapter sb.Adapter, ref sb.AttemptRef, at sb.Place) (ended bool, err error) {
	err = b.life.Submitted(ctx, ref, at)
	if sb.CodeOf(err) != sb.Conflict {
		return false, err
	}
	if err := adapter.Stop(ctx, at, "Signalbox run "+ref.Run+" did not wait for it"); err != nil {
		b.log.WithError(err).WithField("run", ref.Run).Warn("what came too late for a run goes on where it was sent")
	}
	return true, nil
}

// refused notes why an attempt was not taken.
func (b *Bridge) refused(ctx context.Context, ref sb.AttemptRef, why error) (ended bool, err error) {
	end := sb.End{Reason: message(why)}
	switch sb.CodeOf(why) {
	case sb.Invalid, sb.TooLarge:
		end.Rejected = true
	case sb.NotFound:
		end.HandedBack = true
	case sb.Conflict:
		end.Broken = true
	default:
		return false, b.delayed(ctx, ref, why)
	}
	err = b.life.EndWork(ctx, ref, end)
	if sb.CodeOf(err) == sb.Conflict {
		err = nil
	}
	return err == nil, err
}

// delayed notes why an attempt cannot be sent now, and gives that back.
func (b *Bridge) delayed(ctx context.Context, ref sb.AttemptRef, why error) error {
	if err := b.life.Delayed(ctx, ref, message(why)); err != nil && sb.CodeOf(err) != sb.Conflict {
		b.log.WithError(err).WithField("run", ref.Run).Warn("why a run cannot be sent could not be noted")
	}
	return why
}

// Stop notes that a person wants an attempt to end, unless that is known, and asks for it there. It tells whether the work
// has ended by that.
func (b *Bridge) Stop(ctx context.Context, ref sb.AttemptRef) (ended bool, err error) {
	if err := b.life.StopThere(ctx, ref, "Cancelled in Temporal."); err != nil {
		return false, err
	}
	run, err := b.store.Run(ctx, ref.Run)
	if err != nil || over(run, ref) {
		return err == nil, err
	}
	if run.Work.Ref == "" {
		return b.life.Settle(ctx, ref, true, unsent)
	}
	_, adapter, err := b.adapters.Adapter(ctx, run.OrchestratorID)
	if err != nil {
		return false, err
	}
	err = adapter.Stop(ctx, placeOf(run), why(run))
	sb.FaultPoint("stop.sent")
	if sb.CodeOf(err) == sb.NotFound {
		err = nil // looking tells
	}
	return false, err
}

// Ended tells whether an attempt's work has ended.
func (b *Bridge) Ended(ctx context.Context, ref sb.AttemptRef) (bool, error) {
	run, err := b.store.Run(ctx, ref.Run)
	return err == nil && over(run, ref), err
}

func over(run sb.Run, ref sb.AttemptRef) bool {
	return run.Attempt != ref.Attempt || run.Work.State == sb.WorkEnded
}

func placeOf(run sb.Run) sb.Place {
	return sb.Place{Target: run.Target, Name: run.Work.Ref, URL: run.Work.URL}
}

// why tells people at the orchestrator why a run is ended.
func why(run sb.Run) string {
	text := "Signalbox run " + run.ID + " was stopped"
	if run.Work.Ending == sb.FailTimeout {
		text = "Signalbox run " + run.ID + " took too long"
	}
	return text
}

// message is what people may read of an error.
func message(err error) string { return sb.MessageOf(err) }
