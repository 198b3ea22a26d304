package orchestrators

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	sb "signalbox"
)

const faulty = "the request is not valid"

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// known tells why no orchestrator of a kind can be registered; "" when it can.
func (r *Registry) known(kind sb.OrchestratorKind) string {
	if kind == sb.Builtin {
		return "there is one builtin orchestrator, and it exists; change it with PATCH /orchestrators/builtin"
	}
	if _, known := r.kinds[kind]; !known {
		return "this version knows no orchestrator of this kind"
	}
	return ""
}

// builtinFaults lists what cannot be changed of a builtin orchestrator.
func builtinFaults(p sb.OrchestratorPatch) []sb.Fault {
	var found []sb.Fault
	if p.Name != nil {
		found = append(found, sb.Fault{Location: "body.name", Message: "workers know the builtin orchestrator by its name, so it stays"})
	}
	if p.Config != nil && strings.TrimSpace(string(p.Config)) != "{}" {
		found = append(found, sb.Fault{Location: "body.config", Message: "a builtin orchestrator has no config"})
	}
	if len(p.Secrets) > 0 {
		found = append(found, sb.Fault{Location: "body.secrets", Message: "a builtin orchestrator has no credentials"})
	}
	return found
}

// checkRoutes lists what is wrong with routes as such.
func checkRoutes(kind sb.OrchestratorKind, routes []sb.Route) []sb.Fault {
	var found []sb.Fault
	for i, r := range routes {
		at := fmt.Sprintf("body.routes[%d]", i)
		if len(r.Operators) == 0 {
			found = append(found, sb.Fault{Location: at + ".operators", Message: "name at least one operator or pattern"})
		}
		if r.StartWithin < 0 {
			found = append(found, sb.Fault{Location: at + ".start_within", Message: "a time cannot be negative"})
		}
		found = append(found, checkTarget(kind, r.Target, at+".target")...)
		if kind != sb.Builtin {
			found = append(found, r.CheckInputs(at+".inputs")...)
		} else if len(r.Inputs) > 0 && !isNull(r.Inputs) {
			found = append(found, sb.Fault{Location: at + ".inputs", Message: "a builtin worker gets all params; there is nothing to map"})
		}
	}
	return found
}

// checkTarget lists what is wrong with a target of a kind of orchestrator.
func checkTarget(kind sb.OrchestratorKind, t sb.Target, at string) []sb.Fault {
	var found []sb.Fault
	fault := func(field, message string, value any) {
		found = append(found, sb.Fault{Location: at + "." + field, Message: message, Value: value})
	}
	var only sb.Target
	switch kind {
	case sb.Builtin:
		only.Pool = t.Pool
		if !poolName.MatchString(t.Pool) {
			fault("pool", "a pool has 1 to 40 characters of a-z, 0-9 and -", t.Pool)
		}
	case sb.Airflow:
		only.DAG = t.DAG
		if message := sb.CheckName(t.DAG); message != "" {
			fault("dag_id", "name the DAG: "+message, t.DAG)
		}
	case sb.Flyte:
		only = sb.Target{LaunchPlan: t.LaunchPlan, Task: t.Task, Version: t.Version}
		switch {
		case (t.LaunchPlan == "") == (t.Task == ""):
			fault("launch_plan", "name a launch plan, or a task with its version", t.LaunchPlan)
		case t.Task != "" && t.Version == "":
			fault("version", "a task needs its version", nil)
		}
	}
	if t != only {
		found = append(found, sb.Fault{Location: at, Message: "this target belongs to another kind of orchestrator", Value: t})
	}
	return found
}

// checkThere compares routes with what is there, as far as that answers: those that were not among the old ones. An
// orchestrator that does not answer, or has not what a route names yet, keeps no route from being saved; the probe tells.
func (r *Registry) checkThere(ctx context.Context, adapter sb.Adapter, routes, old []sb.Route) error {
	if adapter == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, faultsTime)
	defer cancel()
	var found []sb.Fault
	for i, route := range routes {
		if slices.ContainsFunc(old, func(o sb.Route) bool { return o.Target == route.Target && string(o.Inputs) == string(route.Inputs) }) {
			continue
		}
		faults, err := adapter.Faults(ctx, route)
		switch sb.CodeOf(err) {
		case "", sb.NotFound, sb.Invalid:
		default:
			return nil
		}
		for _, f := range faults {
			f.Location = fmt.Sprintf("body.routes[%d].%s", i, f.Location)
			found = append(found, f)
		}
	}
	if found != nil {
		return sb.Faulty(faulty, found...)
	}
	return nil
}

// logFaults lists what is wrong with a config's log settings, as they lie in a request.
func (r *Registry) logFaults(config json.RawMessage) []sb.Fault {
	faults := r.logs.Faults(config)
	for i := range faults {
		faults[i].Location = "body." + faults[i].Location
	}
	return faults
}

// faultsOf gives the faults of an error that lists some, as they lie in a request.
func faultsOf(err error) []sb.Fault {
	if err == nil {
		return nil
	}
	var e *sb.Error
	if !errors.As(err, &e) || len(e.Faults) == 0 {
		return []sb.Fault{{Location: "body.config", Message: sb.MessageOf(err)}}
	}
	faults := slices.Clone(e.Faults)
	for i := range faults {
		if !strings.HasPrefix(faults[i].Location, "body.") {
			faults[i].Location = "body." + faults[i].Location
		}
		if strings.HasPrefix(faults[i].Location, "body.secrets") {
			faults[i].Value = nil
		}
	}
	return faults
}

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }
