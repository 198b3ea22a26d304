package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var departedTests = map[string]func(*testing.T, Fresh){
	"a dataset is gone at once, and its runs soon": departed,
	"who may no longer manage a dataset does not":  managed,
}

// rejectAll rejects what waits for what is gone, and tells in how many transactions.
func (w *world) rejectAll(t *testing.T) (n int) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = w.RejectWaiting(t.Context())
		require.NoError(t, err)
		if more {
			n++
		}
	}
	return n
}

func departed(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	const runs = 120
	for range runs {
		w.schedule(t)
	}
	kept := w.schedule(t, in(""))
	require.NoError(t, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free))
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, DatasetID: w.data.ID})
	require.NoError(t, err)
	require.Nil(t, f.Dataset)
	require.EqualValues(t, runs+1, w.number(t, "SELECT count(*) FROM runs WHERE status = 'scheduled'"), "not in its transaction")

	w.quota(t, 2)
	a, err := w.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change {
		require.Nil(t, c.Facts.Dataset, "admission is told that it is gone")
		return sb.Reject{At: c.Now, Reason: "Its dataset was deleted."}
	})
	require.NoError(t, err)
	require.Len(t, a.Rejected, 2)

	more, err := w.RejectWaiting(t.Context())
	require.NoError(t, err)
	require.True(t, more)
	require.EqualValues(t, runs-2-100+1, w.number(t, "SELECT count(*) FROM runs WHERE status = 'scheduled'"))
	w.Store = Open(t, w.options) // as after a crash
	require.Equal(t, 2, w.rejectAll(t), "the rest, and that there is no more")
	require.EqualValues(t, 1, w.number(t, "SELECT count(*) FROM runs WHERE status = 'scheduled' AND id = '"+kept.ID+"'"))
	require.EqualValues(t, 0, w.number(t, "SELECT count(*) FROM departed"))
	require.EqualValues(t, runs-2, w.number(t, "SELECT count(*) FROM runs WHERE failure_kind = 'rejected' AND failure_message = 'Its dataset cats was deleted.'"))
	require.EqualValues(t, runs-2, w.number(t, "SELECT count(*) FROM events WHERE kind = 'failed' AND actor_id = '"+w.admin.ID+"'"))
}

func managed(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	may := func(f sb.Facts) error { return access.Check(f, sb.ActManageDataset) }
	name, all := "dogs", sb.CanManage
	d, err := w.UpdateDataset(t.Context(), w.ann.ID, w.data.ID, sb.DatasetPatch{Name: &name}, may)
	require.NoError(t, err)
	require.Equal(t, name, d.Name)
	w.grant(t, sb.Grant{DatasetID: d.ID, PrincipalID: w.ann.ID, Permission: sb.CanEdit})
	_, err = w.UpdateDataset(t.Context(), w.ann.ID, d.ID, sb.DatasetPatch{DefaultPermission: &all}, may)
	requireCode(t, sb.Forbidden, err)
	requireCode(t, sb.Forbidden, w.DeleteDataset(t.Context(), d.ID, w.ann.Who(), may))
	w.grant(t, sb.Grant{DatasetID: d.ID, PrincipalID: w.ann.ID, Permission: sb.NoAccess})
	requireCode(t, sb.NotFound, w.DeleteDataset(t.Context(), d.ID, w.ann.Who(), may))
	require.Equal(t, d, *w.facts(t, w.admin.ID, d.ID).Dataset)
}
