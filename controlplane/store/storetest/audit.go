package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/store"
)

var auditTests = map[string]func(*testing.T, Fresh){
	"what people do is audited with the change":                  actsAreAudited,
	"what nobody does is not audited":                            sweepsAreNotAudited,
	"a change that fails leaves no entry":                        failuresAreNotAudited,
	"equal refusals of a minute are one entry that counts":       refusalsCount,
	"refusals that several processes tell of add up":             refusalsOfSeveral,
	"the audit log is read by filter and page":                   auditPages,
	"entries are sealed in order":                                sealing,
	"what is sealed of refusals never changes":                   sealedRefusals,
	"entries are sealed once, however many seal":                 sealers,
	"a refusal that comes while its minute is sealed is counted": lateRefusal,
}

func (w *world) acting(t *testing.T, p sb.Principal) context.Context {
	t.Helper()
	return sb.WithOrigin(t.Context(), sb.Origin{
		Actor: p.Who(), Kind: p.Kind, Address: "192.0.2.1", Request: "request-1", Via: "key:k1",
	})
}

// log is the audit log since the world was made, oldest first.
func (w *world) log(t *testing.T, q sb.AuditQuery) []sb.AuditEntry {
	t.Helper()
	q.Limit = sb.MaxLimit
	page, err := w.Audit(t.Context(), q)
	require.NoError(t, err)
	require.Empty(t, page.Next)
	var list []sb.AuditEntry
	for i := range page.Items {
		list = append(list, page.Items[len(page.Items)-1-i])
	}
	return list
}

func did(list []sb.AuditEntry) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, e.Action+" "+e.Object.Name+" "+string(e.Detail))
	}
	return out
}

func actsAreAudited(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ctx := w.acting(t, w.ann)
	w.clock.pass(time.Second)
	since := w.clock.now()

	d, err := w.CreateDataset(ctx, sb.Dataset{Name: "dogs", DefaultPermission: sb.CanView, Creator: w.ann.Who()})
	require.NoError(t, err)
	name, edit := "hounds", sb.CanEdit
	step := func(err error) {
		require.NoError(t, err)
		w.clock.pass(time.Millisecond)
	}
	step(nil)
	_, err = w.UpdateDataset(ctx, w.ann.ID, d.ID, sb.DatasetPatch{Name: &name, DefaultPermission: &edit}, free)
	step(err)
	bot, err := w.CreatePrincipal(ctx, sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Guest})
	step(err)
	_, err = w.UpdatePrincipal(ctx, bot.ID, func(p sb.Principal) (sb.Principal, error) { p.Role = sb.Member; return p, nil })
	step(err)
	key, err := w.CreateKey(ctx, sb.Key{Owner: bot.ID, Name: "ci"}, []byte("planted-hash"))
	step(err)
	step(w.DeleteKey(ctx, bot.ID, key.ID))
	step(w.DeletePrincipal(ctx, bot.ID))
	_, _, err = w.Install(ctx, upload("@acme/more", "1", "one"))
	step(err)
	more := upload("@acme/more", "2", "one")
	more.Overwrite = true
	p, _, err := w.Install(ctx, more)
	step(err)
	_, err = w.Rollback(ctx, p.ID, 1)
	step(err)
	_, err = w.EnablePlugin(ctx, p.ID, false)
	step(err)
	no, role := false, sb.Admin
	_, err = w.SetOperator(ctx, p.ID, "one", sb.OperatorPatch{Enabled: &no, MinimumRole: &role})
	step(err)
	step(w.Uninstall(ctx, p.ID, w.ann.Who(), "gone"))
	_, err = w.UpdateOrchestrator(ctx, w.builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Quota, o.Config = o.Quota+1, []byte(`{"password":"planted-secret"}`)
		return o, nil
	})
	step(err)
	run := w.schedule(t, in(d.ID))
	w.clock.pass(time.Millisecond)
	w.apply(t, run.ID, sb.Rename{At: w.clock.now(), By: w.ann.Who(), Label: "mine"})
	w.clock.pass(time.Millisecond)
	w.apply(t, run.ID, sb.Pin{At: w.clock.now(), By: w.ann.Who(), Pinned: true})
	w.clock.pass(time.Millisecond)
	w.apply(t, run.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	w.clock.pass(time.Millisecond)
	step(w.DeleteDataset(ctx, d.ID, w.ann.Who(), free))

	list := w.log(t, sb.AuditQuery{Since: since})
	require.Equal(t, []string{
		`dataset.create dogs {"default_permission":"view"}`,
		`dataset.update hounds {"default_permission":{"before":"view","after":"edit"},"name":{"before":"dogs","after":"hounds"}}`,
		`service_account.create bot {"role":"guest"}`,
		`service_account.update bot {"role":{"before":"guest","after":"member"}}`,
		`key.create ci {"expires_at":null,"owner":{"kind":"service_account","id":"` + bot.ID + `","name":"bot"}}`,
		`key.delete ci {"owner":{"kind":"service_account","id":"` + bot.ID + `","name":"bot"}}`,
	}, did(list)[:6])
	var rest []string
	for _, e := range list[6:] {
		rest = append(rest, e.Action)
	}
	require.Equal(t, []string{
		"service_account.delete", "plugin.install", "plugin.upgrade", "plugin.rollback", "plugin.update", "operator.update",
		"plugin.uninstall", "orchestrator.update", "run.schedule", "run.rename", "run.pin", "run.mark", "dataset.delete",
	}, rest)
	for _, e := range list {
		require.Equal(t, w.ann.Who(), e.Origin.Actor, e.Action)
		require.Equal(t, sb.AuditDone, e.Outcome)
		require.NotContains(t, string(e.Detail), "planted")
	}
	require.Equal(t, "192.0.2.1 request-1 key:k1 user", fmt.Sprint(list[0].Origin.Address, " ", list[0].Origin.Request, " ", list[0].Origin.Via, " ", list[0].Origin.Kind))
}

func sweepsAreNotAudited(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, _ := w.running(t)
	before := len(w.log(t, sb.AuditQuery{}))
	w.apply(t, run.ID, w.end(true), sb.KeepLog{At: w.clock.now(), Log: sb.Log{Path: "x"}})
	require.Len(t, w.log(t, sb.AuditQuery{}), before)
}

func failuresAreNotAudited(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	before := len(w.log(t, sb.AuditQuery{}))
	_, err := w.CreateDataset(w.acting(t, w.ann), sb.Dataset{Name: "cats", DefaultPermission: sb.NoAccess})
	requireCode(t, sb.Conflict, err)
	requireCode(t, sb.NotFound, w.DeleteKey(w.acting(t, w.ann), w.ann.ID, "none"))
	require.Len(t, w.log(t, sb.AuditQuery{}), before)
}

// refusal is a refusal of someone, so many times.
func (w *world) refusal(t *testing.T, p sb.Principal, action string, times int64) sb.Refusal {
	t.Helper()
	return sb.Refusal{Origin: sb.OriginOf(w.acting(t, p)), Action: action, Object: sb.Object{Kind: "dataset", ID: "cats"}, Count: times}
}

func (w *world) refuse(t *testing.T, list ...sb.Refusal) {
	t.Helper()
	require.NoError(t, w.KeepRefusals(t.Context(), list))
}

func refusalsCount(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	refused := sb.AuditQuery{Outcome: sb.AuditRefused}
	w.refuse(t)
	w.refuse(t, w.refusal(t, w.ann, "manage_dataset", 1))
	w.refuse(t, w.refusal(t, w.ann, "manage_dataset", 2), w.refusal(t, w.admin, "manage_dataset", 1), w.refusal(t, w.ann, "administer", 1))
	w.clock.pass(time.Minute)
	w.refuse(t, w.refusal(t, w.ann, "manage_dataset", 1))
	var counts []int64
	for _, e := range w.log(t, refused) {
		require.Equal(t, sb.AuditRefused, e.Outcome)
		counts = append(counts, e.Count)
	}
	require.Len(t, counts, 4)
	require.ElementsMatch(t, []int64{3, 1, 1, 1}, counts)
	require.Len(t, w.log(t, sb.AuditQuery{Action: "administer"}), 1, "the name of a right is found as it is")
}

func auditPages(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.clock.pass(time.Second)
	since := w.clock.now()
	for i := range 7 {
		actor := w.ann
		if i%2 == 1 {
			actor = w.admin
		}
		_, err := w.CreateDataset(w.acting(t, actor), sb.Dataset{Name: fmt.Sprint("d", i), DefaultPermission: sb.NoAccess})
		require.NoError(t, err)
		w.clock.pass(time.Second)
	}
	name := "renamed"
	d6, err := w.UpdateDataset(w.acting(t, w.ann), w.ann.ID, w.log(t, sb.AuditQuery{})[len(w.log(t, sb.AuditQuery{}))-1].Object.ID, sb.DatasetPatch{Name: &name}, free)
	require.NoError(t, err)
	for what, q := range map[string]sb.AuditQuery{
		"7 created": {Action: "dataset.create", Since: since}, "8 of datasets": {Action: "dataset", Since: since},
		"5 by Ann": {Actor: w.ann.ID, Since: since}, "2 to the last": {Object: d6.ID}, "3 in three seconds": {Since: since, Until: since.Add(3 * time.Second)},
		"0 of no noun": {Action: "data"}, "4 by Ann created": {Actor: w.ann.ID, Action: "dataset.create", Since: since}, "0 refused": {Outcome: sb.AuditRefused},
	} {
		var want int
		_, err := fmt.Sscan(what, &want)
		require.NoError(t, err)
		var got []string
		q.Limit = 2
		for {
			page, err := w.Audit(t.Context(), q)
			require.NoError(t, err)
			for _, e := range page.Items {
				got = append(got, e.ID)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		require.Len(t, got, want, what)
		seen := map[string]bool{}
		for _, id := range got {
			require.False(t, seen[id], what)
			seen[id] = true
		}
	}
	_, err = w.Audit(t.Context(), sb.AuditQuery{Cursor: "x"})
	requireCode(t, sb.Invalid, err)
	occur := map[string]bool{}
	for _, e := range w.log(t, sb.AuditQuery{}) {
		occur[e.Action] = true
	}
	actions, err := w.AuditActions(t.Context())
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(occur)), actions)
}

// chained is a seal that can be read.
func chained(before sb.AuditHead, e sb.AuditEntry) (string, error) {
	return fmt.Sprintf("%s>%d", before.MAC[max(0, len(before.MAC)-3):], e.Chain), nil
}

func sealing(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.refuse(t, w.refusal(t, w.ann, "administer", 1))
	list := w.log(t, sb.AuditQuery{})
	head, n, err := w.SealAudit(t.Context(), 3, chained)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, sb.AuditHead{Chain: 3, MAC: "1>2>3"}, head)
	since, err := w.Unsealed(t.Context())
	require.NoError(t, err)
	require.False(t, since.IsZero())
	head, n, err = w.SealAudit(t.Context(), 100, chained)
	require.NoError(t, err)
	require.Equal(t, len(list)-3, n)
	since, err = w.Unsealed(t.Context())
	require.NoError(t, err)
	require.Zero(t, since)
	there, err := w.AuditHead(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, there)
	chain, err := w.AuditChain(t.Context(), 0, 1000)
	require.NoError(t, err)
	for i, e := range chain {
		require.Equal(t, int64(i+1), e.Chain)
	}
	refused := func(e sb.AuditEntry) bool { return e.Action == "administer" } // entries of one moment come in no order known before
	require.True(t, slices.ContainsFunc(chain, refused), "a refusal too is sealed at once")
	chain, err = w.AuditChain(t.Context(), 2, 1)
	require.NoError(t, err)
	require.Equal(t, int64(3), chain[0].Chain)
}

func sealers(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 10 {
				_, err := w.CreateDataset(w.acting(t, w.ann), sb.Dataset{Name: ulid.Make().String(), DefaultPermission: sb.NoAccess})
				if err == nil && i%3 == 0 {
					_, _, err = w.SealAudit(t.Context(), 2, chained)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for n := 1; n > 0; {
		var err error
		_, n, err = w.SealAudit(t.Context(), 7, chained)
		require.NoError(t, err)
	}
	chain, err := w.AuditChain(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.Len(t, chain, len(w.log(t, sb.AuditQuery{})))
	before := sb.AuditHead{}
	for _, e := range chain {
		want, _ := chained(before, e)
		require.Equal(t, want, e.MAC)
		before = sb.AuditHead{Chain: e.Chain, MAC: e.MAC}
	}
}

func (w *world) seal(t *testing.T) int {
	t.Helper()
	_, n, err := w.SealAudit(t.Context(), 100, chained)
	require.NoError(t, err)
	return n
}

func sealedRefusals(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.seal(t)
	counts := func() (list []string) {
		for _, e := range w.log(t, sb.AuditQuery{Outcome: sb.AuditRefused}) {
			list = append(list, fmt.Sprint(e.Count, " ", string(e.Detail), " ", e.Chain > 0))
		}
		return list
	}
	w.refuse(t, w.refusal(t, w.ann, "administer", 2))
	require.Equal(t, 1, w.seal(t), "the first is sealed at once")
	for range 3 {
		w.refuse(t, w.refusal(t, w.ann, "administer", 4))
		require.Zero(t, w.seal(t), "what follows in its minute still counts")
	}
	require.Equal(t, []string{"2  true", `12 {"further":true} false`}, counts())
	since, err := w.Unsealed(t.Context())
	require.NoError(t, err)
	require.Zero(t, since, "nothing is late")
	w.clock.pass(63 * time.Second)
	since, err = w.Unsealed(t.Context())
	require.NoError(t, err)
	require.False(t, since.IsZero())
	require.Equal(t, 1, w.seal(t))
	w.refuse(t, w.refusal(t, w.ann, "administer", 1))
	require.Equal(t, 1, w.seal(t), "another minute begins anew")
	require.Equal(t, []string{"2  true", `12 {"further":true} true`, "1  true"}, counts())
}

func refusalsOfSeveral(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	replicas := []*store.Store{w.Store}
	if shared(w.options) {
		replicas = append(replicas, Open(t, w.options))
	}
	var all sync.WaitGroup
	for i := range 4 {
		list := []sb.Refusal{w.refusal(t, w.admin, "manage_dataset", 1), w.refusal(t, w.ann, "administer", 2)}
		all.Go(func() {
			for range 10 {
				if err := replicas[i%len(replicas)].KeepRefusals(t.Context(), list); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	list := w.log(t, sb.AuditQuery{Outcome: sb.AuditRefused})
	require.Len(t, list, 2)
	require.ElementsMatch(t, []int64{40, 80}, []int64{list[0].Count, list[1].Count})
}

func lateRefusal(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.refuse(t, w.refusal(t, w.ann, "administer", 1))
	begun := w.clock.now()
	w.clock.pass(63 * time.Second)
	w.seal(t)
	w.clock.pass(begun.Sub(w.clock.now())) // a transaction that began in that minute and commits late
	w.refuse(t, w.refusal(t, w.ann, "administer", 1))
	list := w.log(t, sb.AuditQuery{Outcome: sb.AuditRefused})
	require.Len(t, list, 2)
	require.Equal(t, []int64{1, 1}, []int64{list[0].Count, list[1].Count})
}
