package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/flytetest"
)

func TestTheRoutesToTheStandInForFlyteFit(t *testing.T) {
	t.Parallel()
	o := sb.Orchestrator{}
	for _, one := range flyteRoutes {
		if operators, plan, ok := strings.Cut(one, "="); ok {
			o.Routes = append(o.Routes, sb.Route{Operators: []string{operators}, Target: sb.Target{LaunchPlan: plan}})
		}
	}
	for operator, plan := range map[string]string{
		"@signalbox/imagestats/broken": flytetest.Fail, "@acme/tools/slow": flytetest.Sleep, "@acme/tools/hello": flytetest.OK,
	} {
		route, ok := o.Route(operator)
		require.True(t, ok)
		require.Equal(t, plan, route.Target.LaunchPlan, operator)
	}
}
