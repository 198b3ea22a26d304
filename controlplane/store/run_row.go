package store

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// runRow is a row of runs. Times are microseconds, 0 for none.
type runRow struct {
	bun.BaseModel   `bun:"table:runs"`
	ID              string
	Status          string
	DatasetID       string
	OrchestratorID  string
	CreatedByID     string
	Operator        string
	ScheduledAt     int64
	UpdatedAt       int64
	Pinned          bool
	Slot            bool
	Attempt         int
	Priority        int
	Pool            string
	NotBefore       int64
	QueuedAt        int64
	DispatchedAt    int64
	StartedAt       int64
	EndedAt         int64
	Version         int64
	Plugin          string
	PluginVersion   string
	PluginRevision  int
	RevisionID      string
	OperatorLabel   string
	Label           string
	Target          string
	CreatedByName   string
	RerunOf         string
	Trace           string
	TimeoutNs       int64
	StartWithinNs   int64
	RetriesLeft     int
	Retried         int
	Requeued        int
	StartedLate     int
	ResultKey       string
	FailureKind     string
	FailureMessage  string
	LogPath         string
	LogSize         int64
	LogDownloadOnly bool
	Params          string
	View            string
	InputsSchema    string
	OutputsSchema   string
	Result          string
	FailureStack    string
}

// large are the columns that lists leave out.
var large = []string{"params", "view", "inputs_schema", "outputs_schema", "result", "failure_stack"}

func toRunRow(r sb.Run) (runRow, error) {
	target, err := json.Marshal(r.Target)
	row := runRow{
		ID: r.ID, Status: string(r.Status), DatasetID: r.DatasetID, OrchestratorID: r.OrchestratorID,
		CreatedByID: r.CreatedBy.ID, CreatedByName: r.CreatedBy.Name, Operator: r.Operator, OperatorLabel: r.OperatorLabel,
		ScheduledAt: micros(r.ScheduledAt), UpdatedAt: micros(r.UpdatedAt), NotBefore: micros(r.NotBefore),
		QueuedAt: microsOf(r.QueuedAt), DispatchedAt: microsOf(r.DispatchedAt),
		StartedAt: microsOf(r.StartedAt), EndedAt: microsOf(r.EndedAt),
		Pinned: r.Pinned, Slot: r.Slot, Attempt: r.Attempt, Priority: r.Priority, Pool: r.Target.Key(), Target: string(target),
		Version: r.Version, Plugin: r.Plugin, PluginVersion: r.PluginVersion, PluginRevision: r.PluginRevision,
		RevisionID: r.RevisionID, Label: r.Label, RerunOf: r.RerunOf, Trace: r.Trace,
		TimeoutNs: int64(r.Timeout), StartWithinNs: int64(r.StartWithin),
		RetriesLeft: r.RetriesLeft, Retried: r.Retried, Requeued: r.Requeued, StartedLate: r.StartedLate,
		ResultKey: r.ResultKey, Params: string(r.Params), View: string(r.View), InputsSchema: string(r.InputsSchema),
		OutputsSchema: string(r.OutputsSchema), Result: string(r.Result),
	}
	if f := r.Failure; f != nil {
		row.FailureKind, row.FailureMessage, row.FailureStack = string(f.Kind), f.Message, f.Stack
	}
	if l := r.Log; l != nil {
		row.LogPath, row.LogSize, row.LogDownloadOnly = l.Path, l.Size, l.DownloadOnly
	}
	return row, err
}

func (row runRow) run() (sb.Run, error) {
	r := sb.Run{
		ID: row.ID, Status: sb.Status(row.Status), DatasetID: row.DatasetID, OrchestratorID: row.OrchestratorID,
		CreatedBy: sb.Who{ID: row.CreatedByID, Name: row.CreatedByName}, Operator: row.Operator, OperatorLabel: row.OperatorLabel,
		ScheduledAt: timeAt(row.ScheduledAt), UpdatedAt: timeAt(row.UpdatedAt), NotBefore: timeAt(row.NotBefore),
		QueuedAt: timeOf(row.QueuedAt), DispatchedAt: timeOf(row.DispatchedAt),
		StartedAt: timeOf(row.StartedAt), EndedAt: timeOf(row.EndedAt),
		Pinned: row.Pinned, Slot: row.Slot, Attempt: row.Attempt, Priority: row.Priority,
		Version: row.Version, Plugin: row.Plugin, PluginVersion: row.PluginVersion, PluginRevision: row.PluginRevision,
		RevisionID: row.RevisionID, Label: row.Label, RerunOf: row.RerunOf, Trace: row.Trace,
		Timeout: time.Duration(row.TimeoutNs), StartWithin: time.Duration(row.StartWithinNs),
		RetriesLeft: row.RetriesLeft, Retried: row.Retried, Requeued: row.Requeued, StartedLate: row.StartedLate,
		ResultKey: row.ResultKey, Params: raw(row.Params), View: raw(row.View), InputsSchema: raw(row.InputsSchema),
		OutputsSchema: raw(row.OutputsSchema), Result: raw(row.Result),
	}
	if row.FailureKind != "" {
		r.Failure = &sb.Failure{Kind: sb.FailureKind(row.FailureKind), Message: row.FailureMessage, Stack: row.FailureStack}
	}
	if row.LogPath != "" {
		r.Log = &sb.Log{Path: row.LogPath, Size: row.LogSize, DownloadOnly: row.LogDownloadOnly}
	}
	return r, json.Unmarshal([]byte(row.Target), &r.Target)
}

// workRow is a row of works. Progress and reported are JSON; what may be large of the report is in its body.
type workRow struct {
	bun.BaseModel `bun:"table:works"`
	RunID         string
	Attempt       int
	State         string
	Ref           string
	URL           string
	Ending        string
	EndingAt      int64
	EndingTold    bool
	Worker        string
	Incarnation   string
	Late          bool
	EndedAt       int64
	SeenAt        int64
	Progress      string
	Reported      string
	ReportedBody  string
	Seen          string
	LogDue        int64
	OutcomeDue    bool
}

// body is what may be large of a report.
type body struct {
	Result        json.RawMessage `json:"result,omitempty"`
	OutputsSchema json.RawMessage `json:"outputs_schema,omitempty"`
	Stack         string          `json:"stack,omitempty"`
}

func toWorkRow(ref sb.AttemptRef, w sb.Work) (row workRow, err error) {
	row = workRow{
		RunID: ref.Run, Attempt: ref.Attempt, State: string(w.State), Ref: w.Ref, URL: w.URL, Ending: string(w.Ending),
		EndingAt: microsOf(w.EndingAt), EndingTold: w.EndingTold, Worker: w.Worker, Incarnation: w.Incarnation,
		Late: w.Late, EndedAt: microsOf(w.EndedAt), SeenAt: microsOf(w.SeenAt), LogDue: microsOf(w.LogDue),
		OutcomeDue: w.OutcomeDue,
	}
	if w.Seen != nil {
		if row.Seen, err = text(w.Seen); err != nil {
			return row, err
		}
	}
	if w.Progress != nil {
		if row.Progress, err = text(w.Progress); err != nil {
			return row, err
		}
	}
	if w.Reported == nil {
		return row, nil
	}
	head := *w.Reported
	head.Result, head.OutputsSchema, head.Stack = nil, nil, ""
	if row.Reported, err = text(head); err != nil {
		return row, err
	}
	row.ReportedBody, err = text(body{w.Reported.Result, w.Reported.OutputsSchema, w.Reported.Stack})
	return row, err
}

// work reads a row; without one there is no work.
func (row workRow) work() (sb.Work, error) {
	if row.State == "" {
		return sb.Work{State: sb.WorkNone}, nil
	}
	w := sb.Work{
		State: sb.WorkState(row.State), Ref: row.Ref, URL: row.URL, Ending: sb.FailureKind(row.Ending),
		EndingAt: timeOf(row.EndingAt), EndingTold: row.EndingTold, Worker: row.Worker, Incarnation: row.Incarnation,
		Late: row.Late, EndedAt: timeOf(row.EndedAt), SeenAt: timeOf(row.SeenAt), LogDue: timeOf(row.LogDue),
		OutcomeDue: row.OutcomeDue,
	}
	if err := parse(row.Seen, &w.Seen); err != nil {
		return w, err
	}
	if err := parse(row.Progress, &w.Progress); err != nil {
		return w, err
	}
	if err := parse(row.Reported, &w.Reported); err != nil || w.Reported == nil {
		return w, err
	}
	var b body
	err := parse(row.ReportedBody, &b)
	w.Reported.Result, w.Reported.OutputsSchema, w.Reported.Stack = b.Result, b.OutputsSchema, b.Stack
	return w, err
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func text(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// parse reads JSON that was kept as text; none leaves v alone.
func parse(s string, v any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), v)
}
