package runs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	sb "signalbox"
)

type stamp = time.Time

// The limits of what a run is scheduled with.
const (
	maxParams   = 1 << 20 // bytes
	maxView     = 1 << 20 // bytes
	maxLabel    = 200     // characters
	maxPriority = 10
)

// Schedule keeps a new run; it is durable when Schedule returns. Errors: Invalid with every fault; NotFound for an
// operator, dataset or orchestrator that does not exist or may not be seen; Forbidden; Conflict for a disabled one
// and for an idempotency key that came with another body.
func (r *Runs) Schedule(ctx context.Context, who sb.Principal, d sb.Draft) (sb.Run, error) {
	return r.schedule(ctx, who, d, hashOf(d))
}

// schedule keeps the run of a draft; hash tells the request for it apart from others with the same idempotency key.
func (r *Runs) schedule(ctx context.Context, who sb.Principal, d sb.Draft, hash string) (sb.Run, error) {
	if faults := checkDraft(d); len(faults) > 0 {
		return sb.Run{}, sb.Faulty("the run cannot be scheduled", faults...)
	}
	if d.Selection != nil {
		d.App.Request = d.Selection.Request()
	}
	now, err := r.store.Now(ctx)
	if err != nil {
		return sb.Run{}, err
	}
	seen, err := r.seen(ctx, who, d)
	if err != nil {
		return sb.Run{}, err
	}
	n := sb.NewRun{
		Ask:            sb.Ask{PrincipalID: who.ID, Dataset: d.Dataset, DatasetID: d.DatasetID, Operator: d.Operator},
		IdempotencyKey: d.IdempotencyKey, BodyHash: hash, Operation: d.Operation, App: d.App,
	}
	run, replayed, err := r.store.Schedule(ctx, n, func(f sb.Facts, all []sb.Orchestrator) (sb.Run, []sb.Event, error) {
		run, events, err := r.draw(f, all, d, now)
		if err == nil && f.Operator.Command == nil && seen.Of(f) {
			err = fromForm(&run, seen.Form)
		}
		run.Trace = sb.OriginOf(ctx).Trace
		return run, events, err
	})
	sb.FaultPoint("schedule.after")
	if err == nil && replayed { // the caller may have lost the right to see it
		return r.Run(ctx, who, run.ID)
	}
	return run, err
}

// seen is the form that who schedules was given a moment ago for the same inputs; the zero value for none.
func (r *Runs) seen(ctx context.Context, who sb.Principal, d sb.Draft) (sb.Answered, error) {
	if d.Operation != nil { // FiftyOne has resolved its form there
		return sb.Answered{}, nil
	}
	seen, err := r.store.FormSeen(ctx, who.ID, d.Operator, d.Params, d.View, d.App.Request)
	if sb.CodeOf(err) == sb.NotFound {
		return sb.Answered{}, nil
	}
	return seen, err
}

// fromForm lets a run keep the form that its params were entered in, unless that has found fault with them.
func fromForm(run *sb.Run, form sb.Form) error {
	var faults []sb.Fault
	for _, e := range form.Errors {
		faults = append(faults, e.Fault())
	}
	if faults != nil {
		return sb.Faulty("the run cannot be scheduled", faults...)
	}
	if string(form.Inputs) != "null" {
		run.InputsSchema = form.Inputs
	}
	return nil
}

// Rerun schedules a run again with its own inputs, or edited ones, and what it was asked with besides. It takes the plugin's current revision.
func (r *Runs) Rerun(ctx context.Context, who sb.Principal, id string, params json.RawMessage, idempotencyKey string) (sb.Run, error) {
	old, err := r.Run(ctx, who, id)
	if err != nil {
		return sb.Run{}, err
	}
	d := sb.Draft{
		Operator: old.Operator, DatasetID: old.DatasetID, Params: old.Params, View: old.View,
		Orchestrator: old.OrchestratorID, Label: old.Label, Priority: min(old.Priority, 0),
		RerunOf: old.ID, IdempotencyKey: idempotencyKey,
	}
	if checkLabel(d.Label) != nil { // of a time when it was allowed, or that of an operator
		d.Label = ""
	}
	if params != nil {
		d.Params = params
	}
	asked := sb.Draft{RerunOf: old.ID, Params: params} // what was asked for: the old run's label may change
	return r.schedule(ctx, who, d, hashOf(asked))
}

// draw makes the run from a draft and the facts, or tells why it cannot be.
func (r *Runs) draw(f sb.Facts, all []sb.Orchestrator, d sb.Draft, now time.Time) (sb.Run, []sb.Event, error) {
	if err := r.mayDraw(f, d); err != nil {
		return sb.Run{}, nil, err
	}
	o, route, err := choose(all, d)
	if err != nil {
		return sb.Run{}, nil, err
	}
	command := f.Operator.Command
	run := sb.Run{
		ID: newID(now), Operator: f.Operator.URI(), OperatorLabel: f.Operator.Label(),
		Plugin: f.Plugin.Name, PluginVersion: f.Plugin.Revision.Manifest.Version,
		PluginRevision: f.Plugin.Revision.Number, RevisionID: f.Plugin.Revision.ID,
		Label: d.Label, Status: sb.Scheduled, OrchestratorID: o.ID, Orchestrator: o.Name, Target: route.Target,
		Priority: d.Priority, CreatedBy: f.Principal.Who(), RerunOf: d.RerunOf,
		ScheduledAt: now, NotBefore: now, UpdatedAt: now, Params: orEmpty(d.Params), View: d.View,
		InputsSchema: d.InputsSchema, Timeout: sb.DefaultTimeout, StartWithin: time.Duration(route.StartWithin), Work: sb.Work{State: sb.WorkNone},
	}
	if f.Dataset != nil {
		run.DatasetID, run.Dataset = f.Dataset.ID, f.Dataset.Name
	}
	if run.Label == "" {
		run.Label = run.OperatorLabel
	}
	if command != nil {
		if run.Params, err = r.fill(command.Inputs, run.Params); err != nil {
			return sb.Run{}, nil, err
		}
		run.RetriesLeft = command.Retries
		if command.Inputs != nil {
			run.InputsSchema = command.Inputs
		}
		run.OutputsSchema = command.Outputs
		if command.Timeout > 0 {
			run.Timeout = command.Timeout
		}
	}
	event := sb.Event{RunID: run.ID, At: now, Kind: sb.EventScheduled, Actor: run.CreatedBy}
	if d.RerunOf != "" {
		event.Message = "Again, after run " + d.RerunOf + "."
	}
	return run, []sb.Event{event}, nil
}

func (r *Runs) mayDraw(f sb.Facts, d sb.Draft) error {
	if (d.Dataset != "" || d.DatasetID != "") && f.Dataset == nil {
		return r.check(f, sb.ActViewDataset)
	}
	if err := r.check(f, sb.ActSchedule); err != nil {
		return err
	}
	switch {
	case d.Priority <= 0:
		return nil
	case f.Dataset == nil:
		return r.check(f, sb.ActAdminister)
	}
	return r.check(f, sb.ActPrioritise)
}

// choose finds the orchestrator a draft names, or the first enabled one with a fitting route.
func choose(all []sb.Orchestrator, d sb.Draft) (sb.Orchestrator, sb.Route, error) {
	var disabled string
	for _, o := range all {
		if d.Orchestrator != "" && d.Orchestrator != o.ID && d.Orchestrator != o.Name {
			continue
		}
		route, fits := o.Route(d.Operator)
		switch {
		case fits && o.Enabled:
			return o, route, nil
		case fits:
			disabled = o.Name
		case d.Orchestrator != "":
			return o, route, sb.Faulty("this operator cannot run there", sb.Fault{
				Location: "body.orchestrator", Value: d.Orchestrator,
				Message: "orchestrator " + o.Name + " has no route for " + d.Operator,
			})
		}
	}
	if disabled != "" {
		return sb.Orchestrator{}, sb.Route{}, sb.Errorf(sb.Conflict, "orchestrator %s is disabled; an admin can enable it", disabled)
	}
	if d.Orchestrator != "" {
		return sb.Orchestrator{}, sb.Route{}, sb.Errorf(sb.NotFound, "this orchestrator does not exist")
	}
	return sb.Orchestrator{}, sb.Route{}, sb.Errorf(sb.Conflict, "no orchestrator has a route for %s; an admin can add one", d.Operator)
}

func checkDraft(d sb.Draft) []sb.Fault {
	var faults []sb.Fault
	add := func(location, message string, value any) {
		faults = append(faults, sb.Fault{Location: location, Message: message, Value: value})
	}
	if _, _, ok := sb.SplitURI(d.Operator); !ok {
		add("body.operator", "an operator's URI is <plugin>/<operator>, such as @acme/tools/hello", d.Operator)
	}
	if d.Priority < -maxPriority || d.Priority > maxPriority {
		add("body.priority", fmt.Sprintf("a priority is from %d to %d", -maxPriority, maxPriority), d.Priority)
	}
	if fault := checkLabel(d.Label); fault != nil && d.Label != "" {
		faults = append(faults, *fault)
	}
	if len(d.Params) > maxParams {
		add("body.params", "params have at most 1 MiB", nil)
	} else if d.Params != nil && !isObject(d.Params) {
		add("body.params", "params are a JSON object", nil)
	}
	if len(d.View) > maxView {
		add("body.view", "a view has at most 1 MiB", nil)
	}
	if d.Selection.Size() > sb.MaxFormInput {
		add("body.selection", "a selection has at most 1 MiB", nil)
	}
	if len(d.IdempotencyKey) > 200 {
		add("header.Idempotency-Key", "an idempotency key has at most 200 characters", nil)
	}
	return faults
}

func checkLabel(label string) *sb.Fault {
	message := sb.CheckName(label)
	if utf8.RuneCountInString(label) > maxLabel {
		message = "a label has at most 200 characters"
	}
	if message == "" {
		return nil
	}
	return &sb.Fault{Location: "body.label", Message: message}
}

func isObject(b []byte) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal(b, &o) == nil && o != nil
}

func orEmpty(params json.RawMessage) json.RawMessage {
	if params == nil {
		return json.RawMessage(`{}`)
	}
	return params
}

// hashOf tells drafts apart for the idempotency key, which is no part of the hash.
func hashOf(d sb.Draft) string {
	d.IdempotencyKey = ""
	b, err := json.Marshal(d)
	if err != nil { // a struct of texts and numbers always encodes
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// newID makes a ULID with fresh randomness: ids of the same millisecond tell nothing of each other.
func newID(now time.Time) string { return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String() }
