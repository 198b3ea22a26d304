package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var questionTests = map[string]func(*testing.T, Fresh){
	"a question is taken once and answered once":         questionOnce,
	"a question is its pool's":                           questionOfAPool,
	"a question lives a minute, and waits five seconds":  questionTimes,
	"a question whose resolver died is asked again":      questionAgain,
	"open questions are bounded":                         questionBounds,
	"resolvers take each question once":                  questionRace,
	"a form that was seen is found by its params":        questionSeen,
	"who waits for questions and answers is woken":       questionNotes,
	"a revision that nobody has met is asked about once": questionMeeting,
	"of many workers one is asked about a revision":      meetingRace,
	"who waits for plugins is woken":                     pluginNotes,
}

// asked is a question of Ann's.
func (w *world) asked(t require.TestingT, with ...func(*sb.Question)) string {
	q := sb.Question{
		OrchestratorID: w.builtin.ID, Pool: "gpu", PrincipalID: w.ann.ID, Operator: count, RevisionID: w.plugin.Revision.ID, DatasetID: w.data.ID,
		Params: []byte(`{"a": 1, "b": "x\u0000"}`), View: []byte(`[]`), Request: []byte(`{"selected":["1"]}`),
	}
	for _, f := range with {
		f(&q)
	}
	id, err := w.AskForm(ctx(t), q)
	require.NoError(t, err)
	return id
}

var answered = sb.Form{Schema: []byte(`{"type":"object"}`), Errors: []sb.FormError{{Path: "a", Message: "too small"}}, Label: "Count"}

func questionOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	first := w.asked(t)
	w.clock.pass(time.Millisecond)
	second := w.asked(t)
	_, taken, err := w.AnswerOf(t.Context(), first)
	require.NoError(t, err)
	require.False(t, taken)
	q, err := w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	require.NoError(t, err)
	require.Equal(t, sb.Question{
		ID: first, OrchestratorID: w.builtin.ID, Pool: "gpu", PrincipalID: w.ann.ID, Operator: count, RevisionID: w.plugin.Revision.ID,
		DatasetID: w.data.ID, Params: []byte(`{"a": 1, "b": "x\u0000"}`), View: []byte(`[]`), Request: []byte(`{"selected":["1"]}`),
	}, q)
	q, err = w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	require.NoError(t, err)
	require.Equal(t, second, q.ID)
	_, err = w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	requireCode(t, sb.NotFound, err)

	f, taken, err := w.AnswerOf(t.Context(), first)
	require.NoError(t, err)
	require.Nil(t, f)
	require.True(t, taken)
	require.NoError(t, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", first, answered))
	requireCode(t, sb.Conflict, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", first, sb.Form{Label: "late"}))
	f, _, err = w.AnswerOf(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, &answered, f)
	require.NoError(t, w.DropQuestion(t.Context(), first))
	_, _, err = w.AnswerOf(t.Context(), first)
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", first, answered))
}

func questionOfAPool(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	id := w.asked(t)
	other, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{Name: "other", Kind: sb.Builtin, Enabled: true}, nil)
	require.NoError(t, err)
	for _, not := range []struct{ orchestrator, pool string }{{w.builtin.ID, "default"}, {other.ID, "gpu"}} {
		_, err := w.TakeQuestion(t.Context(), not.orchestrator, not.pool)
		requireCode(t, sb.NotFound, err)
		requireCode(t, sb.NotFound, w.AnswerQuestion(t.Context(), not.orchestrator, not.pool, id, answered))
	}
	_, err = w.OpenQuestion(t.Context(), other.ID, id)
	requireCode(t, sb.NotFound, err)
	q, err := w.OpenQuestion(t.Context(), w.builtin.ID, id)
	require.NoError(t, err)
	require.Equal(t, id, q.ID)
}

func questionTimes(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	id := w.asked(t)
	w.clock.pass(sb.FormPatience)
	_, err := w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	requireCode(t, sb.NotFound, err)
	w.clock.pass(sb.FormKept - sb.FormPatience - time.Second)
	require.NoError(t, w.ForgetQuestions(t.Context()))
	_, err = w.OpenQuestion(t.Context(), w.builtin.ID, id)
	require.NoError(t, err, "its plugin may still be fetched")
	w.clock.pass(time.Second)
	_, err = w.OpenQuestion(t.Context(), w.builtin.ID, id)
	requireCode(t, sb.NotFound, err)
	require.NoError(t, w.ForgetQuestions(t.Context()))
	_, _, err = w.AnswerOf(t.Context(), id)
	requireCode(t, sb.NotFound, err)
}

func questionAgain(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	id := w.asked(t)
	_, err := w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	require.NoError(t, err)
	require.NoError(t, w.AskAgain(t.Context(), id))
	q, err := w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	require.NoError(t, err)
	require.Equal(t, id, q.ID)
	require.NoError(t, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", id, answered))
	require.NoError(t, w.AskAgain(t.Context(), id))
	_, err = w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	requireCode(t, sb.NotFound, err)
}

func questionBounds(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	by := func(who string) func(*sb.Question) { return func(q *sb.Question) { q.PrincipalID = who } }
	for range sb.MaxOwnQuestions {
		w.asked(t)
	}
	_, err := w.AskForm(t.Context(), sb.Question{PrincipalID: w.ann.ID})
	requireCode(t, sb.RateLimited, err)
	for i := sb.MaxOwnQuestions; i < sb.MaxQuestions; i++ {
		w.asked(t, by(fmt.Sprint("somebody ", i)))
	}
	_, err = w.AskForm(t.Context(), sb.Question{PrincipalID: "another"})
	requireCode(t, sb.RateLimited, err)
	w.clock.pass(sb.FormPatience)
	w.asked(t)
}

func questionRace(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	const many = 8
	for i := range many {
		w.asked(t, func(q *sb.Question) { q.PrincipalID = fmt.Sprint("somebody ", i) })
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	taken := map[string]int{}
	for range 4 {
		group.Go(func() {
			for {
				q, err := w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
				if sb.CodeOf(err) == sb.NotFound {
					return
				}
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				taken[q.ID]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.Len(t, taken, many)
	for id, times := range taken {
		require.Equal(t, 1, times, id)
	}
}

func questionSeen(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	asking := json.RawMessage(`{"selected": ["1"]}`)
	id := w.asked(t)
	_, err := w.FormSeen(t.Context(), w.ann.ID, count, []byte(`{"a":1,"b":"x\u0000"}`), []byte(`[]`), asking)
	requireCode(t, sb.NotFound, err)
	require.NoError(t, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", id, answered))
	seen, err := w.FormSeen(t.Context(), w.ann.ID, count, []byte(`{"b":"x\u0000","a":1}`), []byte(`[]`), asking)
	require.NoError(t, err)
	require.Equal(t, sb.Answered{RevisionID: w.plugin.Revision.ID, DatasetID: w.data.ID, Form: answered}, seen)
	for _, other := range []struct{ who, operator, params, view, request string }{
		{w.admin.ID, count, `{"a":1,"b":"x\u0000"}`, "[]", string(asking)},
		{w.ann.ID, hello, `{"a":1,"b":"x\u0000"}`, "[]", string(asking)},
		{w.ann.ID, count, `{"a":2,"b":"x\u0000"}`, "[]", string(asking)},
		{w.ann.ID, count, `{"a":1,"b":"x\u0000"}`, "", string(asking)},
		{w.ann.ID, count, `{"a":1,"b":"x\u0000"}`, "[]", ""},
		{w.ann.ID, count, `{"a":1,"b":"x\u0000"}`, "[]", `{"selected":["2"]}`},
	} {
		_, err := w.FormSeen(t.Context(), other.who, other.operator, []byte(other.params), []byte(other.view), []byte(other.request))
		requireCode(t, sb.NotFound, err)
	}
	w.clock.pass(sb.FormPatience + time.Second)
	w.asked(t, func(q *sb.Question) { q.Params = nil })
	_, err = w.FormSeen(t.Context(), w.ann.ID, count, []byte(`{"a":1,"b":"x\u0000"}`), []byte(`[]`), asking)
	requireCode(t, sb.NotFound, err) // what was asked before is forgotten
}

func questionNotes(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	notes := w.Notes(t.Context())
	w.heard(t, notes, func() {})
	id := w.asked(t)
	pool := sb.Note{Topic: sb.TopicForm, ID: w.builtin.ID + "/gpu"}
	hears(t, notes, pool)
	require.NoError(t, w.AskAgain(t.Context(), id))
	hears(t, notes, pool)
	require.NoError(t, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", id, answered))
	hears(t, notes, sb.Note{Topic: sb.TopicAnswer, ID: id})
}

func questionMeeting(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	unmet := func(pool string) []string {
		list, err := w.Unmet(t.Context(), w.builtin.ID, pool, "of "+pool)
		require.NoError(t, err)
		var ids []string
		for _, p := range list {
			ids = append(ids, p.Revision.ID)
		}
		return ids
	}
	// pass lets time pass for the workers a and "of gpu", and one of another pool.
	pass := func(d time.Duration) {
		w.clock.pass(d)
		for name, pool := range map[string]string{"a": "gpu", "of gpu": "gpu", "of cpu": "cpu"} {
			_, _, err := w.SeeWorker(t.Context(), sb.Worker{OrchestratorID: w.builtin.ID, Name: name, Incarnation: "1", Pool: pool})
			require.NoError(t, err)
		}
	}
	require.Empty(t, unmet("gpu"), "the worker is not known")
	pass(0)
	ask := func(pool string) (string, error) {
		return w.AskMeeting(t.Context(), w.builtin.ID, pool, w.plugin.Revision.ID)
	}
	first := []string{w.plugin.Revision.ID}
	require.Equal(t, first, unmet("gpu"))
	id, err := ask("gpu")
	require.NoError(t, err)
	require.Empty(t, unmet("gpu"), "a worker is asked")
	require.Equal(t, first, unmet("cpu"))
	_, err = ask("gpu")
	requireCode(t, sb.Conflict, err)
	_, err = w.TakeQuestion(t.Context(), w.builtin.ID, "gpu")
	requireCode(t, sb.NotFound, err)
	q, err := w.OpenQuestion(t.Context(), w.builtin.ID, id)
	require.NoError(t, err)
	require.True(t, q.Meets())
	require.Equal(t, first[0], q.RevisionID)
	requireCode(t, sb.NotFound, w.AnswerQuestion(t.Context(), w.builtin.ID, "gpu", id, answered))

	pass(sb.MeetKept + time.Second)
	require.Equal(t, first, unmet("gpu"), "the worker did not answer")
	_, err = ask("gpu")
	require.NoError(t, err)
	w.met(t, "a", map[string]string{"hello": "no torch"})
	pass(sb.MeetKept + time.Second)
	require.Empty(t, unmet("gpu"), "it is known, also what it lacks")
	require.Equal(t, first, unmet("cpu"))
	pass(sb.MeetAgain)
	require.Equal(t, first, unmet("gpu"), "it may have it by now")
	w.met(t, "a", map[string]string{})
	pass(2 * sb.MeetAgain)
	require.Empty(t, unmet("gpu"), "it lacked nothing")

	w.met(t, "a", map[string]string{"hello": "no torch"})
	require.Empty(t, unmet("gpu"))
	pass(time.Second)
	for _, enabled := range []bool{false, true} {
		_, err = w.EnablePlugin(t.Context(), w.plugin.ID, enabled)
		require.NoError(t, err)
		if !enabled {
			require.Empty(t, unmet("gpu"), "it is disabled")
		}
	}
	require.Equal(t, first, unmet("gpu"), "who switches it on again wants to know again")
	w.met(t, "a", map[string]string{})
	next := upload("@acme/tools", "2", "hello")
	next.Overwrite = true
	p, _, err := w.Install(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, []string{p.Revision.ID}, unmet("gpu"), "a revision that is new")
	w.plugin = p
	w.met(t, "a", map[string]string{})
	require.Empty(t, unmet("gpu"))
	w.clock.pass(time.Hour)
	_, _, err = w.SeeWorker(t.Context(), sb.Worker{OrchestratorID: w.builtin.ID, Name: "of gpu", Incarnation: "1", Pool: "gpu"})
	require.NoError(t, err)
	require.Equal(t, []string{p.Revision.ID}, unmet("gpu"), "who met it is gone")
}

// meetingRace wakes many workers for one revision.
func meetingRace(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	var asked atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := w.AskMeeting(t.Context(), w.builtin.ID, "gpu", w.plugin.Revision.ID)
			if err == nil {
				asked.Add(1)
			} else {
				assert.Equal(t, sb.Conflict, sb.CodeOf(err), err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, asked.Load())
}

func pluginNotes(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	notes := w.Notes(t.Context())
	w.heard(t, notes, func() {})
	plugin := sb.Note{Topic: sb.TopicPlugin, ID: w.plugin.ID}
	w.met(t, "a", map[string]string{})
	hears(t, notes, plugin)
	w.met(t, "a", map[string]string{})
	run := w.schedule(t)
	for n := next(t, notes); n.ID != run.ID; n = next(t, notes) {
		require.NotEqual(t, plugin, n, "the same again is no news")
	}
	role, more := sb.Admin, upload("@acme/tools", "2", "hello")
	more.Overwrite = true
	for _, c := range []struct {
		what   string
		change func() error
	}{
		{"it lacks something now", func() error { w.met(t, "a", map[string]string{"hello": "no torch"}); return nil }},
		{"it is upgraded", func() error { _, _, err := w.Install(t.Context(), more); return err }},
		{"it is rolled back", func() error { _, err := w.Rollback(t.Context(), w.plugin.ID, 1); return err }},
		{"it is disabled", func() error { _, err := w.EnablePlugin(t.Context(), w.plugin.ID, false); return err }},
		{"an operator is decided on", func() error {
			_, err := w.SetOperator(t.Context(), w.plugin.ID, "hello", sb.OperatorPatch{MinimumRole: &role})
			return err
		}},
	} {
		require.NoError(t, c.change(), c.what)
		hears(t, notes, plugin)
	}
	require.NoError(t, w.Uninstall(t.Context(), w.plugin.ID, w.ann.Who(), "not needed"))
	hears(t, notes, plugin)
}
