package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	sb "signalbox"
)

// Health tells whether all is well.
type Health struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// Check is the state of one thing.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Fix    string `json:"fix" doc:"What to do about it; empty when it is right."`
}

// fixes say what to do about a part that is not ready.
var fixes = map[string]string{
	"database": "see that the server reaches its database (SIGNALBOX_DATABASE_URL), and run `signalbox migrate` after an upgrade",
	"temporal": "see that the server reaches SIGNALBOX_TEMPORAL_ADDRESS and that its namespace is there",
	"logs":     "see that the server may read and write SIGNALBOX_LOGS_URL",
	"blobs":    "see that the server may read and write SIGNALBOX_BLOBS_URL",
}

const (
	clocksApart = 2 * time.Second // shown times become hard to compare
	workerQuiet = time.Minute
	watchQuiet  = 2 * time.Minute
)

type doctor struct {
	parts         func(context.Context) Readiness
	orchestrators Orchestrators
	sources       Sources
	seal          Seal
	clock         Clock
}

type doctorInput struct {
	VerifyAudit bool   `query:"verify_audit" doc:"Read the whole audit log and verify its chain."`
	AuditHead   string `query:"audit_head" maxLength:"300" doc:"A head from elsewhere, place:mac; the chain is verified, and that it has this link."`
}

func (h doctor) look(ctx context.Context, in *doctorInput) (*answer[Health], error) {
	var head sb.AuditHead
	if in.AuditHead != "" {
		var err error
		if head, err = sb.ParseAuditHead(in.AuditHead); err != nil {
			return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "query.audit_head", Message: err.Error()})
		}
	}
	out := Health{OK: true}
	for _, p := range h.parts(ctx).Parts {
		out.add(partCheck(p))
	}
	out.add(failed("clock")(h.clocks(ctx)))
	if err := h.workers(ctx, &out); err != nil {
		out.add(failed("workers")(sb.Check{}, err))
	}
	if err := h.databases(ctx, &out); err != nil {
		out.add(failed("sources")(sb.Check{}, err))
	}
	if in.VerifyAudit || in.AuditHead != "" {
		out.add(failed("audit log")(h.seal.Check(ctx, head)))
	} else {
		out.add(failed("audit log")(h.seal.State(ctx)))
	}
	return answerOf(out), nil
}

func (h *Health) add(c sb.Check) {
	h.OK = h.OK && c.OK
	h.Checks = append(h.Checks, Check(c))
}

func partCheck(p PartState) sb.Check {
	c := sb.Check{Name: p.Name, OK: p.OK, Detail: p.Detail}
	if !p.OK {
		c.Fix = fixes[p.Name]
	}
	return c
}

// failed turns a check that could not be made into one that says so.
func failed(name string) func(sb.Check, error) sb.Check {
	return func(c sb.Check, err error) sb.Check {
		if err == nil {
			return c
		}
		return sb.Check{Name: name, Detail: partState(name, err).Detail, Fix: fixes["database"]}
	}
}

// clocks compares this process's clock with the one that decides, half the way of the question taken off.
func (h doctor) clocks(ctx context.Context) (sb.Check, error) {
	asked := time.Now()
	decides, err := h.clock.Now(ctx)
	if err != nil {
		return sb.Check{}, err
	}
	apart := decides.Sub(asked.Add(time.Since(asked) / 2)).Abs()
	c := sb.Check{Name: "clock", OK: apart <= clocksApart, Detail: fmt.Sprintf("%s apart from the database's", apart.Round(time.Millisecond))}
	if !c.OK {
		c.Fix = "set both machines' clocks by NTP; the database's decides what is due"
	}
	return c, nil
}

// workers tells of each orchestrator that is enabled: of a builtin one when its workers were last heard, of others when they were
// last looked at.
func (h doctor) workers(ctx context.Context, out *Health) error {
	list, err := h.orchestrators.Orchestrators(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		if !o.Enabled {
			continue
		}
		if o.Kind != sb.Builtin {
			if err := h.watched(ctx, o, out); err != nil {
				return err
			}
			continue
		}
		workers, err := h.orchestrators.Workers(ctx, o.ID)
		if err != nil {
			return err
		}
		now, err := h.clock.Now(ctx)
		if err != nil {
			return err
		}
		out.add(workersOf(o, workers, now))
		for _, w := range workers {
			if len(w.Warnings) > 0 && now.Sub(w.SeenAt) <= workerQuiet {
				out.add(warned(w))
			}
		}
	}
	return nil
}

// warned tells of a worker where not all is as its settings ask.
func warned(w sb.Worker) sb.Check {
	return sb.Check{
		Name: "worker " + w.Name, Detail: strings.Join(w.Warnings, "; "),
		Fix: "give the worker what the setting needs (docs/configuration.md, Worker), or take the setting away, and start it again",
	}
}

// watched tells whether an orchestrator that we do not own answers.
func (h doctor) watched(ctx context.Context, o sb.Orchestrator, out *Health) error {
	w, err := h.orchestrators.Watch(ctx, o.ID)
	if err != nil {
		return err
	}
	now, err := h.clock.Now(ctx)
	if err != nil {
		return err
	}
	c := sb.Check{Name: "orchestrator " + o.Name, Detail: "it was never looked at"}
	if w.PolledAt != nil {
		c.OK = now.Sub(*w.PolledAt) <= watchQuiet
		c.Detail = fmt.Sprintf("last looked at %s ago", now.Sub(*w.PolledAt).Round(time.Second))
	}
	if w.Failures > 0 {
		c.Detail += fmt.Sprintf("; it cannot be asked: %s", w.Trouble)
	}
	if !c.OK {
		c.Fix = fmt.Sprintf("`signalbox orchestrators probe %s` tells what is wrong; it is watched by the servers' control workers, which need Temporal", o.Name)
	}
	out.add(c)
	return nil
}

// databases tells of each FiftyOne database whether it answers.
func (h doctor) databases(ctx context.Context, out *Health) error {
	list, err := h.sources.Sources(ctx)
	if err != nil {
		return err
	}
	for _, source := range list {
		state, err := h.sources.SourceState(ctx, source.ID)
		if err != nil {
			return err
		}
		now, err := h.clock.Now(ctx)
		if err != nil {
			return err
		}
		out.add(databaseCheck(source, state, now))
	}
	return nil
}

func databaseCheck(source sb.Source, state sb.SourceState, now time.Time) sb.Check {
	c := sb.Check{Name: "source " + source.Name, Detail: "it was never asked"}
	if state.SeenAt != nil {
		c.OK = state.Trouble == "" && now.Sub(*state.SeenAt) <= watchQuiet
		c.Detail = fmt.Sprintf("last answered %s ago", now.Sub(*state.SeenAt).Round(time.Second))
	}
	if state.Trouble != "" {
		c.Detail += "; " + state.Trouble
	}
	if !c.OK {
		c.Fix = fmt.Sprintf("see `signalbox sources show %s`; it is watched by the servers' control workers, which need Temporal", source.Name)
	}
	return c
}

func workersOf(o sb.Orchestrator, workers []sb.Worker, now time.Time) sb.Check {
	alive := 0
	for _, w := range workers {
		if !w.Draining && now.Sub(w.SeenAt) <= workerQuiet {
			alive++
		}
	}
	c := sb.Check{
		Name: "workers of " + o.Name, OK: alive > 0,
		Detail: fmt.Sprintf("%d of %d seen in the last day were heard in the last minute", alive, len(workers)),
	}
	if !c.OK {
		c.Fix = "start `signalbox worker` with a key of this orchestrator, or see why it does not reach this server"
	}
	return c
}
