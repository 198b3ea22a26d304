package runs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatIsNotScheduled(t *testing.T) {
	t.Parallel()
	no, admin, manage := false, sb.Admin, sb.CanManage
	never := func(*testing.T, *runstest.World) {}
	operator := func(patch sb.OperatorPatch) func(*testing.T, *runstest.World) {
		return func(t *testing.T, w *runstest.World) {
			_, err := w.SetOperator(t.Context(), w.Plugin.ID, "hello", patch)
			require.NoError(t, err)
		}
	}
	disabled := func(t *testing.T, w *runstest.World) {
		w.Orchestrate(t, func(o *sb.Orchestrator) { o.Enabled = false })
	}
	for name, c := range map[string]struct {
		draft sb.Draft
		by    func(*runstest.World) sb.Principal
		first func(*testing.T, *runstest.World)
		code  sb.Code
		says  string
	}{
		"an unknown dataset":                    {sb.Draft{Operator: runstest.Hello, Dataset: "dogs"}, bob, never, sb.NotFound, "dataset"},
		"an unknown dataset, by an admin":       {sb.Draft{Operator: runstest.Hello, Dataset: "dogs"}, root, never, sb.NotFound, "dataset"},
		"a dataset he may not see":              {sb.Draft{Operator: runstest.Hello, Dataset: "secret"}, bob, never, sb.NotFound, "dataset"},
		"an unknown operator":                   {sb.Draft{Operator: "@acme/tools/bye", Dataset: "cats"}, bob, never, sb.NotFound, "operator"},
		"an unknown plugin":                     {sb.Draft{Operator: "@acme/none/hello", Dataset: "cats"}, bob, never, sb.NotFound, "operator"},
		"an unknown orchestrator":               {sb.Draft{Operator: runstest.Hello, Dataset: "cats", Orchestrator: "moon"}, bob, never, sb.NotFound, "orchestrator"},
		"a disabled operator":                   {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, operator(sb.OperatorPatch{Enabled: &no}), sb.Conflict, "operator @acme/tools/hello is disabled"},
		"a disabled plugin":                     {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, disablePlugin, sb.Conflict, "plugin @acme/tools is disabled"},
		"a disabled orchestrator, named":        {sb.Draft{Operator: runstest.Hello, Dataset: "cats", Orchestrator: "builtin"}, bob, disabled, sb.Conflict, "builtin is disabled"},
		"a disabled orchestrator, the only one": {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, disabled, sb.Conflict, "builtin is disabled"},
		"no orchestrator has a route":           {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, routeOf("@other/*"), sb.Conflict, "no orchestrator has a route"},
		"only a disabled one has no route": {
			sb.Draft{Operator: runstest.Hello, Dataset: "cats"},
			bob,
			func(t *testing.T, w *runstest.World) { routeOf("@other/*")(t, w); disabled(t, w) }, sb.Conflict, "no orchestrator has a route",
		},
		"the named orchestrator has no route": {sb.Draft{Operator: runstest.Hello, Dataset: "cats", Orchestrator: "builtin"}, bob, routeOf("@other/*"), sb.Invalid, "cannot run there"},
		"a role below the operator's":         {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, operator(sb.OperatorPatch{MinimumRole: &admin}), sb.Forbidden, "needs the role admin"},
		"a permission below the operator's":   {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, operator(sb.OperatorPatch{MinimumDatasetPermission: &manage}), sb.Forbidden, "Can manage"},
		"a guest without a dataset":           {sb.Draft{Operator: runstest.Hello}, gil, never, sb.Forbidden, "role"},
		"a priority above 0 without manage":   {sb.Draft{Operator: runstest.Hello, Dataset: "cats", Priority: 1}, bob, never, sb.Forbidden, "priority"},
		"a priority above 0 without dataset":  {sb.Draft{Operator: runstest.Hello, Priority: 1}, bob, never, sb.Forbidden, "admins"},
		"somebody who is gone":                {sb.Draft{Operator: runstest.Hello, Dataset: "cats"}, bob, func(t *testing.T, w *runstest.World) { require.NoError(t, w.DeletePrincipal(t.Context(), w.Bob.ID)) }, sb.NotFound, "principal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			c.first(t, w)
			_, err := w.Life.Schedule(t.Context(), c.by(w), c.draft)
			runstest.RequireCode(t, c.code, err)
			require.ErrorContains(t, err, c.says)
			requireNone(t, w)
		})
	}
}

func bob(w *runstest.World) sb.Principal  { return w.Bob }
func root(w *runstest.World) sb.Principal { return w.Admin }
func gil(w *runstest.World) sb.Principal  { return w.Gil }

func disablePlugin(t *testing.T, w *runstest.World) {
	_, err := w.EnablePlugin(t.Context(), w.Plugin.ID, false)
	require.NoError(t, err)
}

func routeOf(pattern string) func(*testing.T, *runstest.World) {
	return func(t *testing.T, w *runstest.World) {
		w.Orchestrate(t, func(o *sb.Orchestrator) {
			o.Routes = []sb.Route{{Operators: []string{pattern}, Target: sb.Target{Pool: sb.DefaultPool}}}
		})
	}
}

func requireNone(t *testing.T, w *runstest.World) {
	t.Helper()
	page, err := w.Life.Runs(t.Context(), w.Admin, sb.RunQuery{Viewer: sb.Viewer{Principal: w.Admin, Others: true}, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, page.Items)
}

func TestFaultsOfADraftAreListed(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	for name, c := range map[string]struct {
		draft sb.Draft
		at    []string
	}{
		"everything at once": {
			sb.Draft{Operator: "hello", Priority: 11, Label: "a\nb", Params: []byte(`[]`), IdempotencyKey: strings.Repeat("k", 201)},
			[]string{"body.operator", "body.priority", "body.label", "body.params", "header.Idempotency-Key"},
		},
		"a priority that is too low":       {sb.Draft{Operator: runstest.Hello, Priority: -11}, []string{"body.priority"}},
		"params that are null":             {sb.Draft{Operator: runstest.Hello, Params: []byte(`null`)}, []string{"body.params"}},
		"params that are too large":        {sb.Draft{Operator: runstest.Hello, Params: make([]byte, 1<<20+1)}, []string{"body.params"}},
		"a view that is too large":         {sb.Draft{Operator: runstest.Hello, View: make([]byte, 1<<20+1)}, []string{"body.view"}},
		"a label that is too long":         {sb.Draft{Operator: runstest.Hello, Label: strings.Repeat("ä", 201)}, []string{"body.label"}},
		"params that do not fit, all told": {sb.Draft{Operator: runstest.Hello, Params: []byte(`{"name":1,"times":0,"x":1}`)}, []string{"body.params.name", "body.params.times", "body.params.x"}},
	} {
		_, err := w.Life.Schedule(t.Context(), w.Ann, c.draft)
		var e *sb.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, sb.Invalid, e.Code, name)
		var at []string
		for _, f := range e.Faults {
			at = append(at, f.Location)
		}
		require.ElementsMatch(t, c.at, at, name)
	}
	requireNone(t, w)
}

func TestARunIsScheduledWithItsDefaults(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run := w.Schedule(t)
	require.Equal(t, sb.Scheduled, run.Status)
	require.JSONEq(t, `{"name":"World"}`, string(run.Params))
	require.Equal(t, "Say hello", run.Label)
	require.Equal(t, []any{1, "1", w.Plugin.Revision.ID}, []any{run.PluginRevision, run.PluginVersion, run.RevisionID})
	require.Equal(t, []any{time.Hour, 2, 0, 0}, []any{run.Timeout, run.RetriesLeft, run.Attempt, run.Priority})
	require.Equal(t, []string{w.Cats.ID, "cats", "builtin", sb.DefaultPool}, []string{run.DatasetID, run.Dataset, run.Orchestrator, run.Target.Pool})
	require.Equal(t, w.Ann.Who(), run.CreatedBy)
	require.Equal(t, w.Clock.Now(), run.ScheduledAt)
	require.Equal(t, []sb.EventKind{sb.EventScheduled}, w.Kinds(t, run.ID))

	bare := w.Schedule(t, runstest.Of(runstest.Once), func(d *sb.Draft) {
		d.Dataset, d.Params, d.Label, d.Priority, d.Orchestrator = "", []byte(`{"a":1}`), "Mine", -3, w.Builtin.ID
	})
	require.Equal(t, sb.DefaultTimeout, bare.Timeout)
	require.JSONEq(t, runstest.OnceOutputs, string(bare.OutputsSchema))
	require.Empty(t, bare.DatasetID)
	require.Equal(t, []any{`{"a":1}`, "Mine", -3}, []any{string(bare.Params), bare.Label, bare.Priority})

	w.Schedule(t, runstest.Urgent(10)) // she manages it
	_, err := w.Life.Schedule(t.Context(), w.Admin, sb.Draft{Operator: runstest.Hello, Priority: 10})
	require.NoError(t, err)
}

// seen lets Ann have been given a form for params a moment ago.
func seen(t *testing.T, w *runstest.World, params string, form sb.Form) {
	t.Helper()
	id, err := w.AskForm(t.Context(), sb.Question{
		OrchestratorID: w.Builtin.ID, Pool: "default", PrincipalID: w.Ann.ID, Operator: runstest.Embed, RevisionID: w.Plugin.Revision.ID,
		DatasetID: w.Cats.ID, Params: []byte(params),
	})
	require.NoError(t, err)
	require.NoError(t, w.AnswerQuestion(t.Context(), w.Builtin.ID, "default", id, form))
}

func TestARunKeepsTheFormThatItsParamsWereEnteredIn(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	described := `{"type":{"name":"Object"}}`
	seen(t, w, `{"a":1}`, sb.Form{Inputs: []byte(described)})
	seen(t, w, `{"a":0}`, sb.Form{Inputs: []byte(described), Errors: []sb.FormError{{Path: "a", Message: "too small"}, {Message: "no"}}})
	of := func(params string) sb.Draft {
		return sb.Draft{Operator: runstest.Embed, Dataset: "cats", Params: []byte(params)}
	}
	run, err := w.Life.Schedule(t.Context(), w.Ann, of(`{"a": 1}`))
	require.NoError(t, err)
	require.JSONEq(t, described, string(run.InputsSchema))

	_, err = w.Life.Schedule(t.Context(), w.Ann, of(`{"a":0}`))
	var wrong *sb.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []sb.Fault{{Location: "body.params.a", Message: "too small"}, {Location: "body.params", Message: "no"}}, wrong.Faults)

	for name, other := range map[string]struct {
		who   sb.Principal
		draft sb.Draft
	}{
		"other params":  {w.Ann, of(`{"a":2}`)},
		"somebody else": {w.Bob, of(`{"a":0}`)},
		"no dataset":    {w.Ann, sb.Draft{Operator: runstest.Embed, Params: []byte(`{"a":0}`)}},
	} {
		run, err := w.Life.Schedule(t.Context(), other.who, other.draft)
		require.NoError(t, err, name)
		require.Nil(t, run.InputsSchema, name)
	}

	w.Clock.Pass(sb.FormKept)
	run, err = w.Life.Schedule(t.Context(), w.Ann, of(`{"a":0}`))
	require.NoError(t, err, "it is forgotten")
	require.Nil(t, run.InputsSchema)
}

func TestAnIdempotencyKeyGivesTheSameRun(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	draft := sb.Draft{Operator: runstest.Hello, Dataset: "cats", IdempotencyKey: "k", Params: []byte(`{"times":2}`)}
	first, err := w.Life.Schedule(t.Context(), w.Ann, draft)
	require.NoError(t, err)
	again, err := w.Life.Schedule(t.Context(), w.Ann, draft)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)

	disablePlugin(t, w) // what was accepted is answered, whatever holds now
	again, err = w.Life.Schedule(t.Context(), w.Ann, draft)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	_, err = w.EnablePlugin(t.Context(), w.Plugin.ID, true)
	require.NoError(t, err)

	other := draft
	other.Params = []byte(`{"times":3}`)
	_, err = w.Life.Schedule(t.Context(), w.Ann, other)
	runstest.RequireCode(t, sb.Conflict, err)
	his, err := w.Life.Schedule(t.Context(), w.Bob, other)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, his.ID, "keys belong to who sends them")
	w.Clock.Pass(24*time.Hour + time.Second)
	later, err := w.Life.Schedule(t.Context(), w.Ann, other)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, later.ID)
}

func TestAReplayedRunIsShownOnlyToWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	draft := sb.Draft{Operator: runstest.Hello, Dataset: "cats", IdempotencyKey: "k"}
	_, err := w.Life.Schedule(t.Context(), w.Bob, draft)
	require.NoError(t, err)
	none := sb.NoAccess
	_, err = w.UpdateDataset(t.Context(), w.Admin.ID, w.Cats.ID, sb.DatasetPatch{DefaultPermission: &none}, func(sb.Facts) error { return nil })
	require.NoError(t, err)
	_, err = w.Life.Schedule(t.Context(), w.Bob, draft)
	runstest.RequireCode(t, sb.NotFound, err)
}

func TestWhatIsSelectedGoesWithARunAndItsRepetitions(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	asked := func(run sb.Run) string {
		_, reach, err := w.RunSource(t.Context(), run.ID)
		require.NoError(t, err)
		return string(reach.Request)
	}
	run := w.Schedule(t, func(d *sb.Draft) {
		d.Selection = &sb.Selection{Samples: []string{"s1", "s2"}, Labels: []json.RawMessage{json.RawMessage(`{"label_id":"l1"}`)}}
	})
	want := `{"selected":["s1","s2"],"selected_labels":[{"label_id":"l1"}]}`
	require.JSONEq(t, want, asked(run))
	again, err := w.Life.Rerun(t.Context(), w.Bob, run.ID, nil, "")
	require.NoError(t, err)
	require.JSONEq(t, want, asked(again))
	edited, err := w.Life.Rerun(t.Context(), w.Bob, again.ID, json.RawMessage(`{"name":"you"}`), "")
	require.NoError(t, err)
	require.JSONEq(t, want, asked(edited), "other params change nothing of it")
	require.Empty(t, asked(w.Schedule(t, func(d *sb.Draft) { d.Selection = &sb.Selection{} })))
	_, err = w.Life.Schedule(t.Context(), w.Ann, sb.Draft{Operator: runstest.Hello, Selection: &sb.Selection{Samples: []string{strings.Repeat("x", sb.MaxFormInput+1)}}})
	runstest.RequireCode(t, sb.Invalid, err)
}

func TestARunWhoseLabelIsNotAllowedAnyMoreIsScheduledAgain(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	old := w.Schedule(t)
	_, err := w.Change(t.Context(), old.ID, func(run sb.Run) (sb.Run, []sb.Event, error) {
		return run.Apply(sb.Rename{At: run.UpdatedAt, By: w.Bob.Who(), Label: "turned\u202e"})
	})
	require.NoError(t, err)
	require.Equal(t, "turned\u202e", w.Get(t, old.ID).Label)
	again, err := w.Life.Rerun(t.Context(), w.Bob, old.ID, nil, "")
	require.NoError(t, err)
	require.Equal(t, again.OperatorLabel, again.Label)
}

func TestARunIsScheduledAgain(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	old := w.Schedule(t, runstest.Urgent(5), func(d *sb.Draft) {
		d.Params, d.View, d.Label = []byte(`{"times":2}`), []byte(`[{"limit":5}]`), "Mine"
	})
	w.Install(t, "2")
	w.Clock.Pass(time.Second)
	again, err := w.Life.Rerun(t.Context(), w.Bob, old.ID, nil, "")
	require.NoError(t, err)
	require.Equal(t, old.ID, again.RerunOf)
	require.Equal(t, []any{2, "2"}, []any{again.PluginRevision, again.PluginVersion}, "the current revision")
	require.Equal(t, []any{w.Bob.Who(), old.DatasetID, "Mine", 0}, []any{again.CreatedBy, again.DatasetID, again.Label, again.Priority})
	require.JSONEq(t, string(old.Params), string(again.Params))
	require.JSONEq(t, string(old.View), string(again.View))

	edited, err := w.Life.Rerun(t.Context(), w.Ann, again.ID, json.RawMessage(`{"name":"you"}`), "k")
	require.NoError(t, err)
	require.Equal(t, again.ID, edited.RerunOf)
	require.JSONEq(t, `{"name":"you"}`, string(edited.Params))
	label := "Yours"
	_, err = w.Life.Patch(t.Context(), w.Ann, again.ID, &label, nil)
	require.NoError(t, err)
	replayed, err := w.Life.Rerun(t.Context(), w.Ann, again.ID, json.RawMessage(`{"name":"you"}`), "k")
	require.NoError(t, err)
	require.Equal(t, edited.ID, replayed.ID)
	_, err = w.Life.Rerun(t.Context(), w.Ann, again.ID, nil, "k")
	runstest.RequireCode(t, sb.Conflict, err)

	_, err = w.Life.Rerun(t.Context(), w.Ann, old.ID, json.RawMessage(`{"name":1}`), "")
	runstest.RequireCode(t, sb.Invalid, err)
	_, err = w.Life.Rerun(t.Context(), w.Gil, old.ID, nil, "")
	runstest.RequireCode(t, sb.NotFound, err)
	require.NoError(t, w.DeleteDataset(t.Context(), w.Cats.ID, w.Admin.Who(), func(sb.Facts) error { return nil }))
	_, err = w.CreateDataset(t.Context(), sb.Dataset{Name: w.Cats.ID, DefaultPermission: sb.CanManage, Creator: w.Bob.Who()})
	require.NoError(t, err)
	_, err = w.Life.Rerun(t.Context(), w.Admin, old.ID, nil, "")
	runstest.RequireCode(t, sb.NotFound, err)
	_, err = w.Life.Run(t.Context(), w.Bob, old.ID)
	runstest.RequireCode(t, sb.NotFound, err)
}

func TestWhoSeesARun(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	shared := w.Schedule(t)
	hidden := w.Schedule(t, func(d *sb.Draft) { d.Dataset = "secret" })
	own := w.Schedule(t, func(d *sb.Draft) { d.Dataset = "" })
	for name, c := range map[string]struct {
		who  sb.Principal
		sees []string
	}{
		"who scheduled them":               {w.Ann, []string{shared.ID, hidden.ID, own.ID}},
		"a Member who may see one dataset": {w.Bob, []string{shared.ID}},
		"a Guest without any grant":        {w.Gil, nil},
		"an admin":                         {w.Admin, []string{shared.ID, hidden.ID, own.ID}},
	} {
		var sees []string
		for _, id := range []string{shared.ID, hidden.ID, own.ID, "none"} {
			_, err := w.Life.Run(t.Context(), c.who, id)
			_, events := w.Life.Events(t.Context(), c.who, id, 0, 10)
			require.Equal(t, sb.CodeOf(err), sb.CodeOf(events), name)
			require.Equal(t, err == nil, w.Life.MayHear(t.Context(), c.who, id), name)
			if err == nil {
				sees = append(sees, id)
				continue
			}
			runstest.RequireCode(t, sb.NotFound, err)
			_, none := w.Life.Run(t.Context(), c.who, "none")
			require.Equal(t, none.Error(), err.Error(), "an invisible run answers as one that does not exist")
		}
		require.Equal(t, c.sees, sees, name)
	}
	require.NoError(t, w.DeletePrincipal(t.Context(), w.Bob.ID))
	require.False(t, w.Life.MayHear(t.Context(), w.Bob, shared.ID), "rights are read again")
}

func TestALabelAndAPinAreChanged(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run := w.Schedule(t)
	label, bad, yes := "Better", "\x00", true
	got, err := w.Life.Patch(t.Context(), w.Ann, run.ID, &label, &yes)
	require.NoError(t, err)
	require.True(t, got.Pinned)
	require.Equal(t, "Better", got.Label)
	require.Equal(t, []sb.EventKind{sb.EventScheduled, sb.EventRenamed, sb.EventPinned}, w.Kinds(t, run.ID))
	same, err := w.Life.Patch(t.Context(), w.Ann, run.ID, nil, nil)
	require.NoError(t, err)
	require.Equal(t, got, same)
	_, err = w.Life.Patch(t.Context(), w.Ann, run.ID, &bad, nil)
	runstest.RequireCode(t, sb.Invalid, err)
	_, err = w.Life.Patch(t.Context(), w.Gil, run.ID, &label, nil)
	runstest.RequireCode(t, sb.NotFound, err)
	require.Equal(t, got.Version, w.Get(t, run.ID).Version)
}
