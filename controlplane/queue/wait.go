package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	sb "signalbox"
)

// fewest is how many past durations an estimate needs.
const fewest = 5

// What holds a run that waits.
const (
	HoldsDisabled  = "disabled"  // its orchestrator is disabled
	HoldsRetry     = "retry"     // the pause before its next attempt
	HoldsNoWorker  = "no_worker" // no worker serves its pool
	HoldsQuota     = "quota"     // all slots are held
	HoldsTurn      = "turn"      // it is admitted in a moment
	HoldsTarget    = "target"    // what it would be sent to starts nothing now
	HoldsResources = "resources" // admitted; waits for a free place where it runs
)

// Wait says why a run waits. For a run that does not wait only the summary is set.
func (q *Queue) Wait(ctx context.Context, run sb.Run) (sb.Wait, error) {
	if run.Status != sb.Scheduled && run.Status != sb.Queued {
		return sb.Wait{Summary: fmt.Sprintf("It does not wait: it is %s.", run.Status), Since: run.UpdatedAt}, nil
	}
	place, err := q.store.Place(ctx, run)
	if err != nil {
		return sb.Wait{}, err
	}
	now, err := q.store.Now(ctx)
	if err != nil {
		return sb.Wait{}, err
	}
	return explain(run, place, now), nil
}

// last is an id behind all others that runs have.
const last = "~"

// Outlook says what a run of an operator would wait for at an orchestrator if it was scheduled now.
func (q *Queue) Outlook(ctx context.Context, operator string, o sb.Orchestrator, to sb.Target) (sb.Wait, error) {
	now, err := q.store.Now(ctx)
	if err != nil {
		return sb.Wait{}, err
	}
	w, err := q.Wait(ctx, sb.Run{ID: last, Operator: operator, Status: sb.Scheduled, OrchestratorID: o.ID, Target: to, ScheduledAt: now, NotBefore: now})
	w.Since = time.Time{}
	return w, err
}

// Positions gives the positions of the Scheduled ones among runs, by id.
func (q *Queue) Positions(ctx context.Context, runs []sb.Run) (map[string]int64, error) {
	if !slices.ContainsFunc(runs, func(r sb.Run) bool { return r.Status == sb.Scheduled }) {
		return map[string]int64{}, nil
	}
	return q.store.Places(ctx, runs)
}

func explain(run sb.Run, p sb.QueuePlace, now time.Time) sb.Wait {
	o := p.Orchestrator
	w := sb.Wait{Quota: o.Quota, Held: p.Held, Since: run.ScheduledAt}
	if run.Status == sb.Queued {
		w.Holds, w.Since = HoldsResources, latest(run.QueuedAt, run.ScheduledAt)
		w.Summary = fmt.Sprintf("It has a slot on %s and starts as soon as a worker of pool %s has room.", o.Name, run.Target.Pool)
		if o.Kind != sb.Builtin {
			w.Summary = fmt.Sprintf("It has a slot on %s, %s. %s", o.Name, run.Target.Words(), there(run))
		}
		if quiet(p.PoolSeen, now) && o.Kind == sb.Builtin {
			w.Holds = HoldsNoWorker
			w.Summary = fmt.Sprintf("It has a slot on %s, but no worker serves pool %s now.", o.Name, run.Target.Pool)
		}
		return w
	}
	w.Position, w.Ahead = p.Position, p.Position-1
	w.Holds, w.Summary = holds(run, p, now)
	if at := estimate(p).Round(time.Second); at > 0 && w.Holds == HoldsQuota {
		w.Estimate = at
		w.Summary += fmt.Sprintf(" By past runs of this operator that takes about %s.", at)
	}
	return w
}

// there tells how a run that was admitted was seen at an orchestrator that we do not own.
func there(run sb.Run) string {
	s := run.Work.Seen
	switch {
	case s != nil && s.Word != "" && run.Work.State == sb.WorkUnknown:
		return "It cannot be seen there now; it was last seen " + s.Word + "."
	case s != nil && s.Sight.Over():
		return "It is over there (" + s.Word + "), and its end is about to be recorded."
	case s != nil && s.Why != "":
		return "Last seen: " + s.Why + "."
	case s != nil && s.Word != "":
		return "It is " + s.Word + " there."
	}
	return "It is being sent there."
}

func holds(run sb.Run, p sb.QueuePlace, now time.Time) (string, string) {
	o := p.Orchestrator
	ahead := "It is the next."
	switch {
	case p.Position == 2:
		ahead = "1 is ahead of it."
	case p.Position > 2:
		ahead = fmt.Sprintf("%d are ahead of it.", p.Position-1)
	}
	switch {
	case !o.Enabled:
		return HoldsDisabled, fmt.Sprintf("Orchestrator %s is disabled; an admin can enable it.", o.Name)
	case run.NotBefore.After(now):
		return HoldsRetry, fmt.Sprintf("It is tried again in %s.", run.NotBefore.Sub(now).Round(time.Second))
	case o.Kind == sb.Builtin && quiet(p.PoolSeen, now):
		return HoldsNoWorker, fmt.Sprintf("No worker of pool %s of %s takes work now. It goes on with the next: `signalbox worker` starts one, `signalbox dev` brings its own.", run.Target.Pool, o.Name)
	case p.Blocked != "":
		return HoldsTarget, fmt.Sprintf("%s says: %s. The run waits; others pass it.", o.Name, p.Blocked)
	case o.Quota == 0:
		return HoldsQuota, fmt.Sprintf("The quota of %s is 0: nothing starts there until an admin raises it.", o.Name)
	case p.Held >= o.Quota:
		return HoldsQuota, fmt.Sprintf("All slots of %s are held (%d of %d). %s", o.Name, p.Held, o.Quota, ahead)
	}
	return HoldsTurn, fmt.Sprintf("%s has free slots (%d of %d held). %s", o.Name, p.Held, o.Quota, ahead)
}

// estimate says about how long the queue before a run takes, from the operator's past durations; 0 for too few.
func estimate(p sb.QueuePlace) time.Duration {
	if len(p.Durations) < fewest || p.Orchestrator.Quota < 1 {
		return 0
	}
	d := slices.Sorted(slices.Values(p.Durations))
	rounds := (p.Position + int64(p.Orchestrator.Quota) - 1) / int64(p.Orchestrator.Quota)
	return time.Duration(rounds) * d[len(d)/2]
}

func quiet(seen, now time.Time) bool { return now.Sub(seen) > poolGone }

func latest(t *time.Time, or time.Time) time.Time {
	if t == nil {
		return or
	}
	return *t
}
