package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var queueTests = map[string]func(*testing.T, Fresh){
	"admission takes by priority, then time, within the quota":    admitOrder,
	"a candidate comes with the facts of now":                     candidateFacts,
	"admission passes by pools nobody serves and waiting retries": admitSkips,
	"a run that may not run any more is rejected":                 admitRejects,
	"many admissions at once never exceed the quota":              admitAtOnce,
	"a place tells what a run waits for":                          places,
}

func admitOrder(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.quota(t, 3)
	a, b, c, d := w.schedule(t), w.schedule(t, urgent(5)), w.schedule(t, urgent(-1)), w.schedule(t)
	admission := w.admit(t)
	require.Equal(t, []string{b.ID, a.ID, d.ID}, admission.Admitted)
	require.False(t, admission.More)
	require.Empty(t, w.admit(t).Admitted)
	w.apply(t, a.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	require.Equal(t, []string{c.ID}, w.admit(t).Admitted)
	run, err := w.Run(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Queued, run.Status)
	require.Equal(t, 1, run.Attempt)
	require.True(t, run.Slot)
	require.JSONEq(t, `{"b":1,"a":2}`, string(run.Params), "admission keeps what it did not read")
	_, err = w.Admit(t.Context(), "none", sb.Targets{}, nil)
	requireCode(t, sb.NotFound, err)
}

func candidateFacts(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.schedule(t)
	w.schedule(t, in(""), as(w.admin), of("@gone/x"))
	w.schedule(t, in("GONE"))
	_, err := w.CreateDataset(t.Context(), sb.Dataset{Name: "GONE", DefaultPermission: sb.CanManage, Creator: w.ann.Who()})
	require.NoError(t, err)
	no := false
	_, err = w.SetOperator(t.Context(), w.plugin.ID, "hello", sb.OperatorPatch{Enabled: &no})
	require.NoError(t, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
	var seen []sb.Candidate
	_, err = w.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change {
		seen = append(seen, c)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, seen, 3)
	require.Empty(t, seen[0].Facts.Principal.Role, "who is gone has no role")
	require.False(t, seen[0].Facts.Operator.Enabled)
	require.Equal(t, w.data.ID, seen[0].Facts.Dataset.ID)
	require.Nil(t, seen[2].Facts.Dataset, "a dataset that is named like the id of one that is gone")
	require.Equal(t, w.clock.now(), seen[0].Now)
	require.Equal(t, w.admin, seen[1].Facts.Principal)
	require.Nil(t, seen[1].Facts.Dataset)
	require.Nil(t, seen[1].Facts.Plugin)
}

func admitSkips(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	gpu := w.schedule(t, func(r *sb.Run) { r.Target.Pool = "gpu" })
	retry, _ := w.running(t, func(r *sb.Run) { r.RetriesLeft = 1; r.Priority = 1 })
	retry = w.apply(t, retry.ID, w.end(false))
	a := w.schedule(t)
	admit := func(pools ...string) []string {
		admission, err := w.Admit(t.Context(), w.builtin.ID, sb.Targets{Only: pools}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
		require.NoError(t, err)
		return admission.Admitted
	}
	// running admitted gpu along with the retry
	w.apply(t, gpu.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	gpu = w.schedule(t, func(r *sb.Run) { r.Target.Pool = "gpu" })
	require.Equal(t, []string{a.ID}, admit(sb.DefaultPool))
	w.clock.pass(retry.NotBefore.Sub(w.clock.now()))
	require.Equal(t, []string{retry.ID, gpu.ID}, admit(sb.DefaultPool, "gpu"))
}

func admitRejects(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.quota(t, 2)
	a, b, c := w.schedule(t), w.schedule(t), w.schedule(t)
	admission, err := w.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change {
		if c.Run.ID == a.ID {
			return sb.Reject{At: c.Now, Reason: "no"}
		}
		return sb.Admit{At: c.Now}
	})
	require.NoError(t, err)
	require.Equal(t, sb.Admission{Admitted: []string{b.ID}, Rejected: []string{a.ID}, More: true}, admission)
	require.Equal(t, []string{c.ID}, w.admit(t).Admitted)
	run, err := w.Run(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, &sb.Failure{Kind: sb.FailRejected, Message: "no"}, run.Failure)
}

func admitAtOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	const quota, waiting = 5, 20
	w.quota(t, quota)
	for range waiting {
		w.schedule(t)
	}
	other := w.Store
	if shared(w.options) {
		other = Open(t, w.options)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	admitted := map[string]int{}
	for i := range 8 {
		s := w.Store
		if i%2 == 0 {
			s = other
		}
		wg.Go(func() {
			for range 4 {
				a, err := s.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
				if err != nil {
					t.Error(err)
				}
				held, err := s.Held(t.Context(), "", 100)
				if err != nil || len(held) > quota {
					t.Errorf("%d slots held: %v", len(held), err)
				}
				for _, id := range a.Admitted {
					mu.Lock()
					admitted[id]++
					mu.Unlock()
					if _, err := s.Change(t.Context(), id, applying(sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for len(w.admit(t).Admitted) > 0 {
		held, err := w.Held(t.Context(), "", 100)
		require.NoError(t, err)
		require.LessOrEqual(t, len(held), quota)
		for _, r := range held {
			admitted[r.ID]++
			w.apply(t, r.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
		}
	}
	require.Len(t, admitted, waiting)
	for id, n := range admitted {
		require.Equal(t, 1, n, id)
	}
}

func places(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	done, _ := w.running(t)
	w.clock.pass(time.Minute)
	w.apply(t, done.ID, w.end(true))
	w.quota(t, 1)
	held := w.schedule(t)
	w.admit(t)
	a, b, c := w.schedule(t), w.schedule(t, urgent(1)), w.schedule(t)
	w.see(t, "i1")
	place, err := w.Place(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, int64(2), place.Position)
	require.Equal(t, 1, place.Held)
	require.Equal(t, 1, place.Orchestrator.Quota)
	require.Equal(t, w.clock.now(), place.PoolSeen)
	require.Equal(t, []time.Duration{time.Minute}, place.Durations)
	all, err := w.Places(t.Context(), []sb.Run{a, b, c, {ID: held.ID, Status: sb.Queued, OrchestratorID: w.builtin.ID}})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{b.ID: 1, a.ID: 2, c.ID: 3}, all)
	pools, err := w.Pools(t.Context(), w.builtin.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]time.Time{sb.DefaultPool: w.clock.now()}, pools)
	late, soon := w.schedule(t, urgent(-3)), w.schedule(t, urgent(1))
	some, err := w.Places(t.Context(), []sb.Run{c, late, held, soon}) // held as it was before its admission
	require.NoError(t, err)
	require.Equal(t, map[string]int64{soon.ID: 2, c.ID: 4, late.ID: 5}, some)
}
