package store

import (
	"cmp"
	"context"
	"encoding/json"

	sb "signalbox"
)

// act is what is audited of a change.
type act struct {
	name   string
	object sb.Object
	detail any
}

// asActor is the origin of an act; without one it is by whoever the run's own history names.
func asActor(ctx context.Context, who sb.Who) context.Context {
	if o := sb.OriginOf(ctx); o.Actor.ID == "" && who.ID != "" {
		o.Actor = who
		return sb.WithOrigin(ctx, o)
	}
	return ctx
}

func runObject(r sb.Run) sb.Object {
	return sb.Object{Kind: "run", ID: r.ID, Name: cmp.Or(r.Label, r.OperatorLabel, r.Operator)}
}

func (t *tx) auditSchedule(ctx context.Context, r sb.Run) error {
	action, detail := "run.schedule", map[string]any{"operator": r.Operator}
	if r.RerunOf != "" {
		action, detail["rerun_of"] = "run.rerun", r.RerunOf
	}
	if r.DatasetID != "" {
		detail["dataset"] = map[string]string{"id": r.DatasetID, "name": r.Dataset}
	}
	if r.Priority != 0 {
		detail["priority"] = r.Priority
	}
	return t.audit(asActor(ctx, r.CreatedBy), action, runObject(r), detail)
}

// auditChange audits what people did to a run, as its events tell. What happened to it by itself has no actor; runs that
// were rejected are told by the act that rejected them.
func (t *tx) auditChange(ctx context.Context, before, after sb.Run, events []sb.Event) error {
	done := map[string]bool{}
	for _, e := range events {
		name := actOf(e, after)
		if name == "" || e.Actor.ID == "" || done[name] {
			continue
		}
		done[name] = true
		detail := edits{}.field("label", before.Label, after.Label).field("status", before.Status, after.Status)
		if err := t.audit(asActor(ctx, e.Actor), name, runObject(after), detail); err != nil {
			return err
		}
	}
	return nil
}

// actOf names what a person did to a run; "" for what is no act.
func actOf(e sb.Event, after sb.Run) string {
	switch e.Kind { //nolint:exhaustive // the others happen by themselves
	case sb.EventRenamed:
		return "run.rename"
	case sb.EventPinned:
		return "run.pin"
	case sb.EventUnpinned:
		return "run.unpin"
	case sb.EventStopAsked:
		return "run.stop"
	case sb.EventLogScrubbed:
		return "run.scrub_log"
	case sb.EventWorkEnded:
		return "run.release"
	case sb.EventFailed:
		if after.Failure.Kind == sb.FailStopped {
			return "run.stop"
		}
		if after.Failure.Kind == sb.FailMarked {
			return "run.mark"
		}
	}
	return ""
}

func principalObject(p sb.Principal) sb.Object {
	return sb.Object{Kind: string(p.Kind), ID: p.ID, Name: p.Name}
}

func principalEdits(before, after principalRow) edits {
	return edits{}.field("name", before.Name, after.Name).field("email", before.Email, after.Email).
		field("role", before.Role, after.Role).field("description", before.Description, after.Description)
}

func pluginObject(p sb.Plugin) sb.Object { return sb.Object{Kind: "plugin", ID: p.ID, Name: p.Name} }

func revisionDetail(r sb.Revision) map[string]any {
	return map[string]any{"revision": r.Number, "version": r.Manifest.Version, "sha256": r.SHA256}
}

func revisionEdits(before, after sb.Revision) edits {
	return edits{}.field("revision", before.Number, after.Number).field("version", before.Manifest.Version, after.Manifest.Version).
		field("sha256", before.SHA256, after.SHA256)
}

func operatorAct(before, after sb.Plugin, name string) act {
	a := act{name: "operator.update", object: sb.Object{Kind: "operator", ID: after.Name + "/" + name, Name: after.Name + "/" + name}}
	var old, now sb.Operator
	for _, o := range before.Operators {
		if o.Name == name {
			old = o
		}
	}
	for _, o := range after.Operators {
		if o.Name == name {
			now = o
		}
	}
	a.detail = edits{}.field("enabled", old.Enabled, now.Enabled).field("minimum_role", old.MinimumRole, now.MinimumRole).
		field("minimum_dataset_permission", old.MinimumDatasetPermission, now.MinimumDatasetPermission)
	return a
}

// orchestratorEdits tells of the config only that it changed: it may name secrets.
func orchestratorEdits(before, after orchestratorRow, secrets map[string]string) any {
	e := edits{}.field("name", before.Name, after.Name).field("enabled", before.Enabled, after.Enabled).
		field("quota", before.Quota, after.Quota)
	if before.Routes != after.Routes {
		e["routes"] = edit{json.RawMessage(before.Routes), json.RawMessage(after.Routes)}
	}
	if len(secrets) > 0 {
		e["secrets"] = edit{"(not shown)", secrets}
	}
	if before.Config != after.Config {
		e["config"] = edit{"(not shown)", "(changed)"}
	}
	return e
}
