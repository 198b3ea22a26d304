package api

import (
	"encoding/json"
	"time"

	sb "signalbox"
)

// RunItem is a run in a list: without its heavy fields.
type RunItem struct {
	ID             string         `json:"id"`
	Operator       string         `json:"operator" doc:"URI"`
	OperatorLabel  string         `json:"operator_label"`
	Plugin         string         `json:"plugin"`
	PluginVersion  string         `json:"plugin_version"`
	PluginRevision int            `json:"plugin_revision"`
	Label          string         `json:"label"`
	Dataset        *string        `json:"dataset" doc:"Its name; null without a dataset."`
	DatasetID      *string        `json:"dataset_id"`
	Status         sb.Status      `json:"status" enum:"scheduled,queued,running,completed,failed"`
	Progress       Null[Progress] `json:"progress"`
	Orchestrator   string         `json:"orchestrator"`
	OrchestratorID string         `json:"orchestrator_id"`
	Attempt        int            `json:"attempt" doc:"Counts dispatches; 0 before the first."`
	Priority       int            `json:"priority"`
	CreatedBy      Who            `json:"created_by"`
	ScheduledAt    time.Time      `json:"scheduled_at"`
	QueuedAt       *time.Time     `json:"queued_at"`
	StartedAt      *time.Time     `json:"started_at"`
	EndedAt        *time.Time     `json:"ended_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
	Pinned         bool           `json:"pinned"`
	RerunOf        *string        `json:"rerun_of"`
	Failure        Null[Reason]   `json:"failure"`
	Work           RunWork        `json:"work"`
	Log            Null[Log]      `json:"log"`
	Queue          Null[Place]    `json:"queue" doc:"Null unless it is scheduled, and for places beyond 10,000."`
}

// Run is a run with everything about it.
type Run struct {
	RunItem
	Params        json.RawMessage `json:"params"`
	View          json.RawMessage `json:"view" doc:"Null: the whole dataset."`
	InputsSchema  Null[Schema]    `json:"inputs_schema"`
	Result        json.RawMessage `json:"result"`
	OutputsSchema Null[Schema]    `json:"outputs_schema"`
	Failure       Null[Failure]   `json:"failure"`
}

// Progress is how far the operator says it is.
type Progress struct {
	Fraction  *float64  `json:"fraction" minimum:"0" maximum:"1"`
	Label     string    `json:"label"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Reason is why a run failed, in a list.
type Reason struct {
	Kind    sb.FailureKind `json:"kind" enum:"error,marked,stopped,timeout,lost,rejected,orchestrator"`
	Message string         `json:"message"`
}

// Failure is why a run failed.
type Failure struct {
	Reason
	Stack string `json:"stack"`
}

// RunWork is what really happens for the run's current attempt, as far as can be seen.
type RunWork struct {
	State    sb.WorkState `json:"state" enum:"none,submitting,submitted,waiting,active,ending,ended,unknown"`
	Ref      string       `json:"ref"`
	URL      string       `json:"url"`
	SeenAt   *time.Time   `json:"seen_at"`
	Reported *string      `json:"reported" enum:"completed,failed" doc:"What the attempt said about its end."`
	Worker   string       `json:"worker"`
}

// Log is a run's finished log.
type Log struct {
	Path         string `json:"path"`
	Size         int64  `json:"size" doc:"Bytes."`
	DownloadOnly bool   `json:"download_only"`
}

// Place is where a run stands in its orchestrator's queue.
type Place struct {
	Position int64 `json:"position" doc:"From 1."`
	Ahead    int64 `json:"ahead"`
}

func runItemOf(r sb.Run, positions map[string]int64) RunItem {
	return RunItem{
		ID: r.ID, Operator: r.Operator, OperatorLabel: r.OperatorLabel,
		Plugin: r.Plugin, PluginVersion: r.PluginVersion, PluginRevision: r.PluginRevision,
		Label: r.Label, Dataset: textOf(r.Dataset), DatasetID: textOf(r.DatasetID), Status: r.Status, Progress: progressOf(r.Work.Progress),
		Orchestrator: r.Orchestrator, OrchestratorID: r.OrchestratorID, Attempt: r.Attempt, Priority: r.Priority,
		CreatedBy: whoOf(r.CreatedBy), ScheduledAt: moment(r.ScheduledAt), QueuedAt: momentOf(r.QueuedAt),
		StartedAt: momentOf(r.StartedAt), EndedAt: momentOf(r.EndedAt), UpdatedAt: moment(r.UpdatedAt),
		Pinned: r.Pinned, RerunOf: textOf(r.RerunOf), Failure: reasonOf(r.Failure), Work: workOf(r.Work), Log: logOf(r.Log),
		Queue: placeOf(r, positions),
	}
}

func runOut(r sb.Run, positions map[string]int64) Run {
	out := Run{
		RunItem: runItemOf(r, positions), Params: r.Params, View: r.View, Result: r.Result,
		InputsSchema: schemaOf(r.InputsSchema), OutputsSchema: schemaOf(r.OutputsSchema),
	}
	if f := r.Failure; f != nil {
		out.Failure = maybe(&Failure{Reason{f.Kind, f.Message}, f.Stack})
	}
	return out
}

func progressOf(p *sb.Progress) Null[Progress] {
	if p == nil {
		return Null[Progress]{}
	}
	return maybe(&Progress{Fraction: p.Fraction, Label: p.Label, UpdatedAt: moment(p.UpdatedAt)})
}

func reasonOf(f *sb.Failure) Null[Reason] {
	if f == nil {
		return Null[Reason]{}
	}
	return maybe(&Reason{f.Kind, f.Message})
}

func workOf(w sb.Work) RunWork {
	out := RunWork{State: w.State, Ref: w.Ref, URL: w.URL, SeenAt: momentOf(w.SeenAt), Worker: w.Worker}
	if out.State == "" {
		out.State = sb.WorkNone
	}
	if w.Reported != nil {
		said := "failed"
		if w.Reported.Completed {
			said = "completed"
		}
		out.Reported = &said
	}
	return out
}

func logOf(l *sb.Log) Null[Log] {
	if l == nil {
		return Null[Log]{}
	}
	return maybe(&Log{Path: l.Path, Size: l.Size, DownloadOnly: l.DownloadOnly})
}

func placeOf(r sb.Run, positions map[string]int64) Null[Place] {
	position, known := positions[r.ID]
	if !known || r.Status != sb.Scheduled {
		return Null[Place]{}
	}
	return maybe(&Place{Position: position, Ahead: position - 1})
}
