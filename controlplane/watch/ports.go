package watch

import (
	"context"
	"io"
	"time"

	sb "signalbox"
)

// Store is what the bridge reads and writes besides runs. Every method is one transaction. Errors: NotFound, Unavailable;
// Conflict from those that name a watching, when another has taken over.
type Store interface {
	// Run reads a whole run.
	Run(ctx context.Context, id string) (sb.Run, error)
	// OpenWork reads runs of an orchestrator that hold a slot, in the order of their ids.
	OpenWork(ctx context.Context, orchestratorID, afterID string, limit int) ([]sb.Run, error)
	// Targets reads the targets of an orchestrator's runs that wait.
	Targets(ctx context.Context, orchestratorID string) ([]sb.Target, error)
	// Installation is the short random id in the names of what is ours elsewhere.
	Installation(ctx context.Context) (string, error)
	// Watch reads how the watching of an orchestrator stands.
	Watch(ctx context.Context, orchestratorID string) (sb.Watch, error)
	// TakeWatch takes over the watching. NotFound when the orchestrator is gone.
	TakeWatch(ctx context.Context, orchestratorID string) (sb.Watch, error)
	KeepWatch(ctx context.Context, w sb.Watch) error
	// SeeWorks notes that works were seen just now.
	SeeWorks(ctx context.Context, w sb.WatchRef, refs []sb.AttemptRef) error
	// SetTallies keeps progress that was counted, where nothing else was said since.
	SetTallies(ctx context.Context, w sb.WatchRef, all []sb.Counted) error
	// LogsDue reads attempts whose logs have to be collected, in the order of their runs' ids, those after one.
	LogsDue(ctx context.Context, orchestratorID string, after sb.AttemptRef, limit int) ([]sb.DueLog, error)
	// OwnLogs lists the processes of an attempt that have sent some of their log themselves.
	OwnLogs(ctx context.Context, ref sb.AttemptRef) ([]sb.Process, error)
	// LogPaths reads where processes of an attempt say that their logs lie.
	LogPaths(ctx context.Context, ref sb.AttemptRef) ([]sb.LogPath, error)
	// LogDone notes that a log is not waited for any more; why tells people what is missing, "" for nothing.
	LogDone(ctx context.Context, w sb.WatchRef, ref sb.AttemptRef, why string) error
	// Nudge asks whoever watches an orchestrator to look at once.
	Nudge(ctx context.Context, o sb.Orchestrator) error
	// Notes gives the notes that follow from now on.
	Notes(ctx context.Context) <-chan sb.Note
	// Now is the time that decides, as in controlplane/runs.
	Now(ctx context.Context) (time.Time, error)
}

// Life is the life of runs, as far as the bridge changes it.
type Life interface {
	// Submitting notes that an attempt is about to be sent. RunOver, Conflict: it must not be.
	Submitting(ctx context.Context, ref sb.AttemptRef, name string) (sb.Run, error)
	// Submitted notes that the orchestrator has it. Conflict: its work counts as ended.
	Submitted(ctx context.Context, ref sb.AttemptRef, at sb.Place) error
	// Delayed notes why it cannot be sent now.
	Delayed(ctx context.Context, ref sb.AttemptRef, why string) error
	// EndWork notes that an attempt's work has ended.
	EndWork(ctx context.Context, ref sb.AttemptRef, e sb.End) error
	// StopThere notes that a person ended an attempt where it is carried, unless its end is wanted already.
	StopThere(ctx context.Context, ref sb.AttemptRef, reason string) error
	// Settle ends work that was never sent, and tells whether the work has ended.
	Settle(ctx context.Context, ref sb.AttemptRef, over bool, end sb.End) (bool, error)
	// Observed notes how an attempt was seen, and gives its run as it is then.
	Observed(ctx context.Context, w sb.WatchRef, ref sb.AttemptRef, seen sb.Seen) (sb.Run, error)
	// EndSeen ends work whose end was seen and is certain; found is its outcome there, nil for none.
	EndSeen(ctx context.Context, w sb.WatchRef, ref sb.AttemptRef, found *sb.Outcome) error
	// FoundLate keeps the outcome of work whose end was recorded without. Conflict: its run has gone on.
	FoundLate(ctx context.Context, w sb.WatchRef, ref sb.AttemptRef, found sb.Outcome) error
	// Mask hides what the processes of an attempt were given.
	Mask(ctx context.Context, p sb.Process) (sb.Mask, error)
	// Unasked notes that the orchestrator cannot be asked.
	Unasked(ctx context.Context, w sb.Watch, ref sb.AttemptRef) error
}

// Adapters gives the adapters of orchestrators. Errors: NotFound (there is no such orchestrator), Invalid (its settings do
// not make an adapter), Unavailable.
type Adapters interface {
	Adapter(ctx context.Context, orchestratorID string) (sb.Orchestrator, sb.Adapter, error)
}

// Logs keeps the output of runs, and knows where others keep it.
type Logs struct {
	Kept      Kept
	Elsewhere Elsewhere
}

// Kept is our store of logs. The same log again is fine for both of its methods; Conflict: it differs from what was taken
// before. Errors of what is read come back as they are.
type Kept interface {
	// Take keeps a process's log.
	Take(ctx context.Context, p sb.Process, body io.Reader) error
	// TakeOnly keeps a process's log that seems to be all there is of its run's; of a body that cannot be read to its end now
	// nothing.
	TakeOnly(ctx context.Context, p sb.Process, body io.Reader) error
	// Refer notes that a process's log is read where it lies.
	Refer(ctx context.Context, p sb.Process, uri string, body io.Reader) error
}

// Elsewhere opens logs where others keep them. Errors of opening: NotFound (there is none yet), Forbidden, Invalid (it may not be
// read, or is no log), TooLarge, Unavailable; of reading: TooLarge (what follows is cut), Invalid, Unavailable.
type Elsewhere interface {
	// Reported opens the log at the place that a process of a run says.
	Reported(ctx context.Context, o sb.Orchestrator, uri string) (sb.ForeignLog, error)
	// Templated opens the log of a part's try where the orchestrator's template says; NotFound, too, without a template.
	Templated(ctx context.Context, o sb.Orchestrator, at sb.Place, source string, try int) (sb.ForeignLog, error)
}
