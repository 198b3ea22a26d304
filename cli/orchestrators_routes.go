package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
)

func (f *orchestratorFlags) newRoutes(a *app, cmd *cobra.Command, kind sb.OrchestratorKind) ([]sb.Route, error) {
	var routes []sb.Route
	if f.routes != "" {
		text, err := document(cmd, a.Stdin, "--routes", f.routes)
		if err != nil {
			return nil, err
		}
		want := `a JSON array, such as [{"operators": ["*"], "target": {"dag_id": "my_dag"}}]`
		if err := fill(cmd, "--routes", text, &routes, want); err != nil {
			return nil, err
		}
	}
	short, err := f.shortRoutes(cmd, kind)
	return append(routes, short...), err
}

// shortRoutes are those that flags say.
func (f *orchestratorFlags) shortRoutes(cmd *cobra.Command, kind sb.OrchestratorKind) ([]sb.Route, error) {
	var routes []sb.Route
	for _, one := range f.to {
		operators, target, ok := strings.Cut(one, "=")
		if !ok || operators == "" || target == "" {
			return nil, misuse(cmd, "--route is operators=target, not %q", one)
		}
		routes = append(routes, sb.Route{Operators: strings.Split(operators, ","), Target: targetOf(kind, target)})
	}
	return routes, nil
}

// targetOf is what a short word for a target means: what it is called before its colon, else what is usual on that kind of
// orchestrator.
func targetOf(kind sb.OrchestratorKind, word string) sb.Target {
	called, name, _ := strings.Cut(word, ":")
	if !slices.Contains([]string{"dag", "launch_plan", "task", "pool"}, called) {
		called, name = map[sb.OrchestratorKind]string{sb.Airflow: "dag", sb.Flyte: "launch_plan"}[kind], word
	}
	thing, version, _ := strings.Cut(name, "@")
	switch called {
	case "dag":
		return sb.Target{DAG: name}
	case "launch_plan":
		return sb.Target{LaunchPlan: thing, Version: version}
	case "task":
		return sb.Target{Task: thing, Version: version}
	default:
		return sb.Target{Pool: name}
	}
}
