package audit_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // both drivers, to tamper behind the store's back
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	sb "signalbox"
	"signalbox/controlplane/audit"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heads keeps what a process shows as its metric.
type heads struct {
	mu   sync.Mutex
	list []sb.AuditHead
}

func (h *heads) AuditHead(head sb.AuditHead) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, head)
}

func (h *heads) last() sb.AuditHead {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.list) == 0 {
		return sb.AuditHead{}
	}
	return h.list[len(h.list)-1]
}

type world struct {
	*audit.Sealer
	store  *store.Store
	db     *sql.DB // behind the store's back
	keyset string
	heads  *heads
	logged *logtest.Hook
}

// setup gives a database with ten sealed entries.
func setup(t *testing.T, driver, url string) *world {
	t.Helper()
	w := &world{keyset: filepath.Join(t.TempDir(), "keyset.json"), heads: &heads{}}
	w.store = storetest.Open(t, store.Options{URL: url})
	_, err := secrets.Create(t.Context(), w.keyset)
	require.NoError(t, err)
	w.Sealer = w.open(t)
	w.db, err = sql.Open(driver, url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.db.Close()) })
	for range 10 {
		w.act(t)
	}
	n, err := w.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, 10, n)
	return w
}

// open makes a sealer as a process does that starts now.
func (w *world) open(t *testing.T) *audit.Sealer {
	t.Helper()
	keys, err := secrets.Open(t.Context(), w.keyset, w.store)
	require.NoError(t, err)
	signer, err := keys.Derive(audit.Purpose)
	require.NoError(t, err)
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.InfoLevel)
	w.logged = hook
	return audit.New(w.store, signer, w.heads, log)
}

var actor = sb.Origin{Actor: sb.Who{ID: "ann", Name: "Ann"}, Kind: sb.User, Address: "192.0.2.1"}

func (w *world) act(t *testing.T) {
	t.Helper()
	_, err := w.store.CreateDataset(sb.WithOrigin(t.Context(), actor), sb.Dataset{Name: t.Name() + time.Now().String(), DefaultPermission: sb.NoAccess})
	require.NoError(t, err)
}

func (w *world) sql(t *testing.T, queries ...string) {
	t.Helper()
	for _, q := range queries {
		_, err := w.db.ExecContext(t.Context(), q)
		require.NoError(t, err, q)
	}
}

func (w *world) verify(t *testing.T, head sb.AuditHead) sb.AuditCheck {
	t.Helper()
	check, err := w.Verify(t.Context(), head)
	require.NoError(t, err)
	return check
}

func on(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db")))
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		test(t, setup(t, "pgx", storetest.Postgres(t)))
	})
}

func TestAWholeChainIsFoundWhole(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, w *world) {
		t.Helper()
		check := w.verify(t, sb.AuditHead{})
		require.Equal(t, []any{int64(10), []string(nil), int64(10)}, []any{check.Entries, check.Faults, check.Head.Chain})
		w.act(t)
		_, err := w.Seal(t.Context())
		require.NoError(t, err)
		require.Empty(t, w.verify(t, check.Head).Faults, "an older head still holds")
	})
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		what string
		sql  []string
		says string
		with bool // found only with a head from elsewhere
	}{
		{what: "an entry is removed", sql: []string{"DELETE FROM audit WHERE chain = 4"}, says: "entry 4 is missing"},
		{what: "the first is removed", sql: []string{"DELETE FROM audit WHERE chain = 1"}, says: "entry 1 is missing"},
		{what: "several are removed", sql: []string{"DELETE FROM audit WHERE chain IN (3, 4, 5)"}, says: "entries 3 to 5 are missing"},
		{what: "another actor is named", sql: []string{"UPDATE audit SET actor_id = 'bob' WHERE chain = 6"}, says: "entry 6 ("},
		{what: "another time", sql: []string{"UPDATE audit SET at = at + 1 WHERE chain = 6"}, says: "entry 6 ("},
		{what: "another detail", sql: []string{"UPDATE audit SET detail = '{}' WHERE chain = 6"}, says: "entry 6 ("},
		{what: "another count", sql: []string{"UPDATE audit SET count = 2 WHERE chain = 6"}, says: "entry 6 ("},
		{what: "another address", sql: []string{"UPDATE audit SET address = '' WHERE chain = 10"}, says: "entry 10 ("},
		{what: "text moves from field to field", sql: []string{"UPDATE audit SET actor_id = 'an', actor_name = 'nAnn' WHERE chain = 6"}, says: "entry 6 ("},
		{
			what: "two change places", says: "entry 3 (",
			sql: []string{"UPDATE audit SET chain = 99 WHERE chain = 3", "UPDATE audit SET chain = 3 WHERE chain = 7", "UPDATE audit SET chain = 7 WHERE chain = 99"},
		},
		{what: "one is removed and the rest moves up", sql: []string{"DELETE FROM audit WHERE chain = 10", "UPDATE audit SET chain = 10 WHERE chain = 9", "UPDATE audit SET chain = 9 WHERE chain = 8"}, says: "entry 8 is missing"},
		{what: "the end is cut off", sql: []string{"DELETE FROM audit WHERE chain > 7"}, says: "the end was cut off: the last entry is 7, the head names 10", with: true},
		{what: "all is removed", sql: []string{"DELETE FROM audit"}, says: "the last entry is 0, the head names 10", with: true},
		{what: "the end is taken back to be sealed anew", sql: []string{"UPDATE audit SET chain = 0, mac = '', detail = '' WHERE chain > 8"}, says: "the last entry is 8", with: true},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			on(t, func(t *testing.T, w *world) {
				t.Helper()
				head := w.verify(t, sb.AuditHead{}).Head
				w.sql(t, row.sql...)
				require.Equal(t, row.with, len(w.verify(t, sb.AuditHead{}).Faults) == 0)
				check := w.verify(t, head)
				require.NotEmpty(t, check.Faults)
				require.Contains(t, check.Faults[0], row.says)
				told, err := w.Check(t.Context(), head)
				require.NoError(t, err)
				require.False(t, told.OK)
				require.Contains(t, told.Detail, row.says)
			})
		})
	}
}

func TestACutThatIsWrittenOverIsFoundByAHead(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, w *world) {
		t.Helper()
		head := w.verify(t, sb.AuditHead{}).Head
		w.sql(t, "DELETE FROM audit WHERE chain > 7")
		for range 5 {
			w.act(t)
		}
		_, err := w.Seal(t.Context())
		require.NoError(t, err)
		require.Empty(t, w.verify(t, sb.AuditHead{}).Faults)
		require.Contains(t, w.verify(t, head).Faults[0], "entry 10 (")
	})
}

func TestALongListOfFaultsIsBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db"))
	for range 30 {
		w.act(t)
	}
	_, err := w.Seal(t.Context())
	require.NoError(t, err)
	w.sql(t, "UPDATE audit SET actor_name = 'Bob'")
	check := w.verify(t, sb.AuditHead{})
	require.Len(t, check.Faults, 20)
	require.True(t, check.More)
}

func TestOldEntriesVerifyAfterTheKeysWereRotated(t *testing.T) {
	t.Parallel()
	w := setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db"))
	for range 2 {
		require.NoError(t, secrets.Rotate(t.Context(), w.keyset, w.store))
		w.Sealer = w.open(t)
		w.act(t)
		_, err := w.Seal(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, sb.AuditCheck{Entries: 12, Head: w.verify(t, sb.AuditHead{}).Head}, w.verify(t, sb.AuditHead{}))
	w.keyset = filepath.Join(t.TempDir(), "other.json")
	_, err := secrets.Create(t.Context(), w.keyset)
	require.NoError(t, err)
	w.Sealer = w.open(t)
	require.NotEmpty(t, w.verify(t, sb.AuditHead{}).Faults, "other keys did not make it")
}

func TestRunSealsAndTellsTheHeadAtTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db"))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	require.Eventually(t, func() bool { return w.heads.last().Chain == 10 }, 5*time.Second, 5*time.Millisecond)
	w.act(t)
	require.Eventually(t, func() bool {
		head, err := w.store.AuditHead(t.Context())
		return err == nil && head.Chain == 11
	}, 5*time.Second, 20*time.Millisecond)
	w.act(t)
	stop()
	running.Wait()
	require.Equal(t, int64(12), w.heads.last().Chain)
	last := w.logged.LastEntry()
	require.Equal(t, []any{"head of the audit log", int64(12), w.heads.last().MAC}, []any{last.Message, last.Data["audit_chain"], last.Data["audit_mac"]})
	head, err := sb.ParseAuditHead(w.heads.last().String())
	require.NoError(t, err)
	require.Empty(t, w.verify(t, head).Faults)
}

func TestAProcessNoticesThatWhatItHasSeenIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db"))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	require.Eventually(t, func() bool { return w.heads.last().Chain == 10 }, 5*time.Second, 5*time.Millisecond)
	w.sql(t, "DELETE FROM audit WHERE chain > 8")
	stop()
	running.Wait()
	last := w.logged.LastEntry()
	require.Equal(t, logrus.ErrorLevel, last.Level)
	require.Contains(t, last.Message, "the audit log was changed")
	require.Equal(t, int64(10), last.Data["audit_chain"])
}

func TestStateTellsOfEntriesThatWaitTooLong(t *testing.T) {
	t.Parallel()
	w := setup(t, "sqlite", filepath.Join(t.TempDir(), "test.db"))
	state, err := w.State(t.Context())
	require.NoError(t, err)
	require.True(t, state.OK)
	require.Contains(t, state.Detail, "the head is 10:")
	w.sql(t, "UPDATE audit SET chain = 0, mac = '', at = at - 60000000 WHERE chain = 10")
	state, err = w.State(t.Context())
	require.NoError(t, err)
	require.False(t, state.OK)
	require.Contains(t, state.Detail, "has waited for its seal for 1m")
}
