package runs

import (
	"context"

	sb "signalbox"
)

// ReadLogs lets logs be read elsewhere, as far as these places allow. It is called before all else.
func (w *Work) ReadLogs(places LogPlaces) { w.logs = places }

// MayLog tells whether a process may still add to its log: until a minute after its work ended, also when the run has
// gone on to another attempt. A superseded try may not.
func (w *Work) MayLog(ctx context.Context, p sb.Process) error {
	pulse, err := w.store.Pulse(ctx, p)
	if err != nil {
		return noClaim(p, err)
	}
	if err = alive(p, pulse); err == nil || pulse.EndedAt == nil || pulse.LatestTry > p.Try {
		return err
	}
	now, nowErr := w.store.Now(ctx)
	if nowErr != nil {
		return nowErr
	}
	if now.Sub(*pulse.EndedAt) <= sb.ReportGrace {
		return nil
	}
	return err
}

// LogPath keeps where a process says that its log lies, if it may be read there. Builtin work sends its log itself. Errors:
// Invalid, with what to do.
func (w *Work) LogPath(ctx context.Context, p sb.Process, uri string) error {
	if err := w.MayLog(ctx, p); err != nil {
		return err
	}
	run, err := w.store.Run(ctx, p.Run)
	if err != nil {
		return err
	}
	if !run.Outside() || w.logs == nil {
		return sb.Errorf(sb.Invalid, "the log of a builtin run is not read elsewhere; send it with POST /work/{run}/logs")
	}
	place, err := w.store.Orchestrator(ctx, run.OrchestratorID)
	if err != nil {
		return err
	}
	attempt := run.Work.Ref
	if p.Attempt != run.Attempt {
		attempt = ""
	}
	if err := w.logs.Check(place, run, attempt, uri); err != nil {
		return err
	}
	return noClaim(p, w.store.KeepLogPath(ctx, p, uri))
}
