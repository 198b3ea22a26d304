package airflow

import (
	"context"
	"fmt"

	sb "signalbox"
)

// whysAtOnce bounds the DAGs that one look asks about; the others get their turn at the next ones.
const whysAtOnce = 5

// why says of what waits there what it waits for. It is for people: where Airflow does not tell, nothing is said.
func (l *look) why(ctx context.Context, all []sb.Seen) {
	asked := 0
	for i, s := range all {
		if s.Sight != sb.SeenWaiting {
			continue
		}
		d, ok := l.a.dags.get(s.Target.DAG, l.a.around.now())
		if !ok && asked < whysAtOnce {
			asked++
			_, _ = l.a.dag(ctx, s.Target.DAG)
			d, ok = l.a.dags.get(s.Target.DAG, l.a.around.now())
		}
		if ok {
			all[i].Why = l.reason(s.Target.DAG, d)
		}
	}
}

func (l *look) reason(dag string, d knownDAG) string {
	if text := held(l.api, d); text != "" {
		return text
	}
	if n := l.running[dag]; d.MostActive > 0 && n >= d.MostActive {
		return fmt.Sprintf("the DAG has %d active runs, as many as it allows (max_active_runs)", n)
	}
	return ""
}

// held says what keeps all runs of a DAG from starting; "" for nothing.
func held(api api, d knownDAG) string {
	switch {
	case d.gone:
		return "Airflow does not know the DAG any more"
	case d.Broken:
		return "the DAG's file cannot be imported by Airflow"
	case d.Paused:
		return "the DAG is paused in Airflow"
	case api.stale(d.dagInfo):
		return "Airflow no longer finds the DAG in its files"
	}
	return ""
}
