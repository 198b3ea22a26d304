package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var listTests = map[string]func(*testing.T, Fresh){
	"every order and filter gives what a plain search gives": listFilters,
	"lists leave out what is large":                          listSmall,
	"a cursor of another list is invalid":                    listCursor,
	"a viewer sees what access lets him see":                 listViewer,
	"a search finds operators, labels, people and ids":       listSearch,
	"paging neither skips nor repeats under inserts":         pagingInserts,
	"paging neither skips nor repeats under updates":         pagingUpdates,
}

// crowd schedules runs of many kinds.
func (w *world) crowd(t *testing.T, n int) []sb.Run {
	t.Helper()
	dogs, err := w.CreateDataset(t.Context(), sb.Dataset{Name: "dogs", DefaultPermission: sb.CanView, Creator: w.admin.Who()})
	require.NoError(t, err)
	w.quota(t, n)
	for i := range n {
		run := w.schedule(t, in([]string{w.data.ID, dogs.ID, ""}[i%3]), of([]string{hello, count}[i%2]), as([]sb.Principal{w.ann, w.admin}[i/3%2]))
		if i%4 > 0 {
			w.admit(t)
		}
		if i%4 > 1 {
			w.apply(t, run.ID, sb.Dispatch{At: w.clock.now(), Attempt: 1, Ref: "x"}, sb.Start{At: w.clock.now(), Attempt: 1})
		}
		if i%4 > 2 {
			w.apply(t, run.ID, w.end(i%8 > 3))
		}
		if i%5 == 0 {
			w.apply(t, run.ID, sb.Pin{At: w.clock.now(), Pinned: true})
		}
	}
	return w.pages(t, sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, Limit: 500})
}

// pages reads a whole list, page by page.
func (w *world) pages(t require.TestingT, q sb.RunQuery) []sb.Run {
	var all []sb.Run
	for {
		page, err := w.Runs(ctx(t), q)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
		require.Len(t, page.Items, q.Limit)
	}
}

func compare(sort sb.RunSort) func(a, b sb.Run) int {
	return func(a, b sb.Run) int {
		id := strings.Compare(a.ID, b.ID)
		scheduled := a.ScheduledAt.Compare(b.ScheduledAt)
		switch sort {
		case sb.SortUpdated:
			return -or(a.UpdatedAt.Compare(b.UpdatedAt), id)
		case sb.SortOldest:
			return or(scheduled, id)
		case sb.SortOperator:
			return or(strings.Compare(a.Operator, b.Operator), -or(scheduled, id))
		default:
			return -or(scheduled, id)
		}
	}
}

func or(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

func listFilters(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	all := w.crowd(t, 48)
	yes, no := true, false
	filters := map[string]struct {
		q    sb.RunQuery
		fits func(sb.Run) bool
	}{
		"none":         {sb.RunQuery{}, func(sb.Run) bool { return true }},
		"dataset":      {sb.RunQuery{DatasetID: w.data.ID}, func(r sb.Run) bool { return r.DatasetID == w.data.ID }},
		"user":         {sb.RunQuery{UserID: w.ann.ID}, func(r sb.Run) bool { return r.CreatedBy.ID == w.ann.ID }},
		"operator":     {sb.RunQuery{Operator: count}, func(r sb.Run) bool { return r.Operator == count }},
		"orchestrator": {sb.RunQuery{OrchestratorID: w.builtin.ID}, func(sb.Run) bool { return true }},
		"status":       {sb.RunQuery{Statuses: []sb.Status{sb.Failed}}, func(r sb.Run) bool { return r.Status == sb.Failed }},
		"statuses": {
			sb.RunQuery{Statuses: []sb.Status{sb.Scheduled, sb.Completed}},
			func(r sb.Run) bool { return r.Status == sb.Scheduled || r.Status == sb.Completed },
		},
		"pinned":     {sb.RunQuery{Pinned: &yes}, func(r sb.Run) bool { return r.Pinned }},
		"not pinned": {sb.RunQuery{Pinned: &no}, func(r sb.Run) bool { return !r.Pinned }},
		"several": {
			sb.RunQuery{DatasetID: w.data.ID, Operator: hello, Statuses: []sb.Status{sb.Running, sb.Completed}, UserID: w.ann.ID},
			func(r sb.Run) bool {
				return r.DatasetID == w.data.ID && r.Operator == hello && r.CreatedBy.ID == w.ann.ID && (r.Status == sb.Running || r.Status == sb.Completed)
			},
		},
		"nothing": {sb.RunQuery{DatasetID: "none"}, func(sb.Run) bool { return false }},
	}
	for name, f := range filters {
		for _, sort := range sb.RunSorts {
			var want []sb.Run
			for _, r := range all {
				if f.fits(r) {
					want = append(want, r)
				}
			}
			slices.SortFunc(want, compare(sort))
			f.q.Viewer, f.q.Sort, f.q.Limit = sb.Viewer{Principal: w.admin}, sort, 7
			require.Equal(t, ids(want), ids(w.pages(t, f.q)), "%s by %s", name, sort)
		}
	}
}

func listSmall(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t, func(r *sb.Run) { r.View = []byte(`[]`) })
	w.apply(t, run.ID, sb.Report{Attempt: 1, Outcome: sb.Outcome{Message: "m", Stack: "s", Source: p.Source, Hash: "h", At: w.clock.now()}}, w.end(false))
	page, err := w.Runs(t.Context(), sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	got := page.Items[0]
	require.Empty(t, got.Params)
	require.Empty(t, got.View)
	require.Equal(t, &sb.Failure{Kind: sb.FailError, Message: "m"}, got.Failure)
	require.Equal(t, "m", got.Work.Reported.Message)
	require.Empty(t, got.Work.Reported.Stack)
	require.Equal(t, "cats", got.Dataset)
	require.Equal(t, "builtin", got.Orchestrator)
}

func listCursor(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.schedule(t)
	w.schedule(t)
	q := sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, Limit: 1}
	page, err := w.Runs(t.Context(), q)
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	for _, cursor := range []string{"x", "?", page.Next + "A", strings.Repeat("a", 5000), "e30", "bnVsbA"} {
		q.Cursor = cursor
		_, err := w.Runs(t.Context(), q)
		requireCode(t, sb.Invalid, err)
	}
	q.Cursor, q.Sort = page.Next, sb.SortUpdated
	_, err = w.Runs(t.Context(), q)
	requireCode(t, sb.Invalid, err)
	q.Cursor, q.Sort = "", "size"
	_, err = w.Runs(t.Context(), q)
	requireCode(t, sb.Invalid, err)
	_, err = w.Plugins(t.Context(), "!", 1)
	requireCode(t, sb.Invalid, err)
}

func listViewer(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for i := range 14 { // more datasets than a list has branches for
		_, err := w.CreateDataset(t.Context(), sb.Dataset{Name: fmt.Sprintf("d%02d", i), DefaultPermission: sb.CanView, Creator: w.admin.Who()})
		require.NoError(t, err)
	}
	all := w.crowd(t, 48)
	people := []sb.Principal{w.admin, w.ann}
	for _, role := range sb.Roles {
		people = append(people, w.principal(t, "other "+string(role), role))
	}
	for _, p := range people {
		for _, dataset := range []string{"", w.data.ID, all[0].DatasetID, all[1].DatasetID} {
			v := access.Viewer(p, sb.DefaultSettings())
			var want []string
			for _, r := range all {
				f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: p.ID, Run: r.ID})
				require.NoError(t, err)
				if access.Check(f, sb.ActSeeRun) == nil && (dataset == "" || r.DatasetID == dataset) {
					want = append(want, r.ID)
				}
			}
			got := w.pages(t, sb.RunQuery{Viewer: v, DatasetID: dataset, Limit: 5})
			require.ElementsMatch(t, want, ids(got), "%s on %q", p.Name, dataset)
		}
	}
}

func listSearch(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.clock.pass(time.Hour)
	a := w.schedule(t, labelled("Nightly 100%_done"))
	b := w.schedule(t, of(count), labelled("weekly"))
	c := w.schedule(t, as(w.admin), in(""))
	w.apply(t, b.ID, sb.Rename{At: w.clock.now(), Label: "monthly"})
	w.apply(t, b.ID, sb.Rename{At: w.clock.now(), Label: "monthly sums"})
	find := func(text string, uri bool) []string {
		return ids(w.pages(t, sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, Search: text, MatchURI: uri, Sort: sb.SortOldest, Limit: 2}))
	}
	for name, test := range map[string]struct {
		text string
		uri  bool
		want []string
	}{
		"an operator, whatever the case": {"ACME/tools/H", false, []string{a.ID, c.ID}},
		"in the URI, case kept":          {"acme/tools/h", true, []string{a.ID, c.ID}},
		"in the URI, another case":       {"ACME", true, []string{}},
		"all operators":                  {"acme", false, []string{a.ID, b.ID, c.ID}},
		"a person":                       {"ann l", false, []string{a.ID, b.ID}},
		"a label":                        {"NIGHT", false, []string{a.ID}},
		"a label with odd characters":    {"100%_d", false, []string{a.ID}},
		"no pattern":                     {"100__d", false, []string{}},
		"a label that was changed":       {"weekly", false, []string{}},
		"the new label":                  {"month", false, []string{b.ID}},
		"what both labels have":          {"monthly", false, []string{b.ID}},
		"quotes":                         {`"'\`, false, []string{}},
		"a NUL":                          {"a\x00bc", false, []string{}},
		"an id":                          {c.ID, false, []string{c.ID}},
		"an id in lower case":            {strings.ToLower(b.ID), false, []string{b.ID}},
		"nothing":                        {"zzz", false, []string{}},
	} {
		require.Equal(t, test.want, find(test.text, test.uri), name)
	}
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
	require.Equal(t, []string{a.ID, b.ID}, find("ann l", false), "who is gone is still found")
}

func pagingInserts(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	rapid.Check(t, func(rt *rapid.T) {
		paging(rt, w, rapid.SampledFrom(sb.RunSorts).Draw(rt, "sort"), func() { w.schedule(rt, of(rapid.SampledFrom([]string{hello, count}).Draw(rt, "operator"))) })
	})
}

func pagingUpdates(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	rapid.Check(t, func(rt *rapid.T) {
		sorts := []sb.RunSort{sb.SortScheduled, sb.SortOldest, sb.SortOperator}
		all := w.pages(rt, sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, Limit: 500})
		paging(rt, w, rapid.SampledFrom(sorts).Draw(rt, "sort"), func() {
			if len(all) == 0 {
				w.schedule(rt)
				return
			}
			run := rapid.SampledFrom(all).Draw(rt, "run")
			w.clock.pass(time.Millisecond)
			w.apply(rt, run.ID, sb.Rename{At: w.clock.now(), Label: fmt.Sprint(w.clock.now())})
		})
	})
}

// paging reads a list while something happens between the pages: what was there at the beginning is seen once.
func paging(t *rapid.T, w *world, sort sb.RunSort, happens func()) {
	for range rapid.IntRange(0, 3).Draw(t, "before") {
		happens()
	}
	q := sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, Sort: sort, Limit: 500}
	before := ids(w.pages(t, q))
	seen := map[string]int{}
	q.Limit = max(rapid.IntRange(1, 9).Draw(t, "limit"), len(before)/6)
	for {
		page, err := w.Runs(t.Context(), q)
		require.NoError(t, err)
		for _, r := range page.Items {
			seen[r.ID]++
			require.Equal(t, 1, seen[r.ID], "seen twice")
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
		for range rapid.IntRange(0, 2).Draw(t, "meanwhile") {
			happens()
		}
	}
	for _, id := range before {
		require.Equal(t, 1, seen[id], "skipped")
	}
}
