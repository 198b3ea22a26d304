package airflow

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// What Airflow takes.
const (
	maxConf = 48 << 10 // bytes; some of its databases take 64 KiB
	maxNote = 1000     // characters
	maxName = 248      // characters of a run id, which becomes the name of a folder
)

// Submit starts a DAG run of the given name. Airflow takes a name once: whether an earlier try arrived is seen by its
// refusal, or by asking when there was no answer, and never starts a second run. See sb.Adapter.
func (a *Adapter) Submit(ctx context.Context, d sb.Submission) (sb.Place, error) {
	t, err := a.prepare(d)
	if err != nil {
		return sb.Place{}, err
	}
	api, err := a.api(ctx)
	if err != nil {
		return sb.Place{}, err
	}
	if err := a.unpause(ctx, d.Target.DAG); err != nil {
		return sb.Place{}, err
	}
	place := sb.Place{Target: d.Target, Name: d.Name, URL: api.runURL(a.out.Base(), d.Target.DAG, d.Name)}
	for range 3 {
		if a.set.LogicalDate == "now" {
			now := a.clock.there()
			t.date = &now
		}
		err = a.start(ctx, d.Target.DAG, api, t)
		if err == nil {
			return place, nil
		}
		if status, _ := statusOf(err); status != http.StatusConflict && sb.CodeOf(err) != sb.Unavailable {
			return sb.Place{}, refusal(err, d)
		}
		there, asked := a.isThere(ctx, d)
		if there || asked != nil {
			return place, asked
		}
		if status, _ := statusOf(err); status != http.StatusConflict {
			return sb.Place{}, err // not there, as far as can be seen; the caller tries again with the same name
		}
		// Another run has the same logical date: a microsecond later will do.
	}
	return sb.Place{}, sb.Wrap(err, sb.Unavailable, "other runs of DAG %s took the same logical dates", d.Target.DAG)
}

func (a *Adapter) start(ctx context.Context, dag string, api api, t trigger) error {
	var r dagRun
	err := a.ask(ctx, call{
		share: outbound.Dispatches, method: http.MethodPost, path: []string{"dags", dag, "dagRuns"}, body: api.trigger(t),
	}, &r)
	switch {
	case sb.CodeOf(err) == sb.TooLarge: // whatever that was
		return sb.Wrap(err, sb.Unavailable, "the answer to a start is not Airflow's")
	case err == nil && r.Name != t.name:
		return sb.Errorf(sb.Unavailable, "the answer to a start tells of no run, perhaps it is a proxy's")
	}
	return err
}

// isThere tells whether the run of a submission exists. Conflict: a run of its name is not of this attempt.
func (a *Adapter) isThere(ctx context.Context, d sb.Submission) (bool, error) {
	var r dagRun
	c := get("dags", d.Target.DAG, "dagRuns", d.Name).of(outbound.Dispatches)
	err := a.ask(ctx, c, &r)
	switch {
	case sb.CodeOf(err) == sb.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case r.marker() != d.AttemptRef:
		return false, sb.Errorf(sb.Conflict, "DAG %s has a run %s already that is not of this attempt", d.Target.DAG, d.Name)
	}
	return true, nil
}

// prepare checks what would never be accepted, and builds the rest.
func (a *Adapter) prepare(d sb.Submission) (trigger, error) {
	switch {
	case d.Target.DAG == "":
		return trigger{}, sb.Errorf(sb.Invalid, "the route names no dag_id")
	case d.Name == "" || len(d.Name) > maxName:
		return trigger{}, sb.Errorf(sb.Invalid, "a run's name in Airflow has 1 to %d characters", maxName)
	}
	conf, err := confOf(d)
	return trigger{name: d.Name, note: cut(d.Note, maxNote), conf: conf}, err
}

// confOf joins what is mapped with the ids that always travel.
func confOf(d sb.Submission) (map[string]any, error) {
	fields := map[string]json.RawMessage{}
	if len(d.Inputs) > 0 && json.Unmarshal(d.Inputs, &fields) != nil {
		return nil, sb.Errorf(sb.Invalid, "what is mapped is no object")
	}
	if _, taken := fields[ours]; taken {
		return nil, sb.Errorf(sb.Invalid, "the name %s in conf is taken by the run's ids", ours)
	}
	conf := map[string]any{ours: map[string]any{"run": d.Run, "attempt": d.Attempt}}
	for name, value := range fields {
		conf[name] = value
	}
	whole, err := json.Marshal(conf)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "what is mapped is no JSON")
	}
	if len(whole) > maxConf {
		return nil, sb.Errorf(sb.Invalid, "what is mapped makes a conf of %d KiB; Airflow takes at most %d", len(whole)>>10, maxConf>>10)
	}
	return conf, nil
}

// ours is the key in conf that holds the run's ids.
const ours = "signalbox"

var badParam = regexp.MustCompile(`Invalid input for param ([\w-]+):`)

// refusal says what is wrong with a submission, as far as that can be said without quoting the answer.
func refusal(err error, d sb.Submission) error {
	status, said := statusOf(err)
	switch {
	case status == http.StatusNotFound:
		return sb.Wrap(err, sb.NotFound, "Airflow has no DAG %s: it was never found, is switched off, or its file cannot be imported", d.Target.DAG)
	case strings.Contains(said, "has import errors"):
		return sb.Wrap(err, sb.NotFound, "the file of DAG %s cannot be imported by Airflow", d.Target.DAG)
	case strings.Contains(said, "manual run"):
		return sb.Wrap(err, sb.Invalid, "DAG %s does not allow manual runs", d.Target.DAG)
	}
	if found := badParam.FindStringSubmatch(said); found != nil && mentioned(d.Inputs, found[1]) {
		return sb.Wrap(err, sb.Invalid, "DAG %s does not accept the value mapped to its param %s", d.Target.DAG, found[1])
	}
	if badParam.MatchString(said) {
		return sb.Wrap(err, sb.Invalid, "DAG %s has a param that wants a value, and the route maps none to it", d.Target.DAG)
	}
	return err
}

func mentioned(inputs json.RawMessage, name string) bool {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(inputs, &fields)
	_, ok := fields[name]
	return ok
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string(slices.Concat([]rune(s)[:most-1], []rune{'…'}))
}

// unpause switches the DAG on before a run is sent, where the registration says so.
func (a *Adapter) unpause(ctx context.Context, dag string) error {
	if !a.set.Unpause {
		return nil
	}
	d, err := a.dag(ctx, dag)
	if err != nil || !d.Paused {
		return refusal(err, sb.Submission{Target: sb.Target{DAG: dag}})
	}
	defer a.dags.forget(dag)
	return a.ask(ctx, call{
		share: outbound.Dispatches, method: http.MethodPatch, path: []string{"dags", dag},
		query: map[string]string{"update_mask": "is_paused"}, body: map[string]any{"is_paused": false},
	}, nil)
}
