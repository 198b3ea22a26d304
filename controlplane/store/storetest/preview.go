package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	sb "signalbox"
)

var previewTests = map[string]func(*testing.T, Fresh){
	"a preview changes nothing and tells of runs":     previews,
	"a preview tells of its own change alone":         previewsAlone,
	"previews take no more connections than one each": previewsTogether,
}

func previews(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	other := w.schedule(t, of(count))
	entries := w.number(t, "SELECT count(*) FROM audit")
	role := sb.Guest
	demote := func(ctx context.Context) error {
		_, err := w.UpdatePrincipal(ctx, w.ann.ID, func(p sb.Principal) (sb.Principal, error) {
			p.Role = role
			return p, nil
		})
		return err
	}
	e, err := w.Preview(t.Context(), sb.Scope{PrincipalID: w.ann.ID}, judge{}, demote)
	require.NoError(t, err)
	require.Equal(t, []sb.Difference{{
		Principal: w.ann.Who(), Dataset: &sb.Who{ID: w.data.ID, Name: w.data.Name}, Before: sb.CanManage, After: sb.CanView,
	}}, e.Lose)
	require.Empty(t, e.Gain)
	require.Equal(t, []string{run.ID, other.ID}, []string{e.Rejected[0].Run.ID, e.Rejected[1].Run.ID})
	require.Contains(t, e.Rejected[0].Reason, "Ann Lee has the role guest")
	require.Equal(t, entries, w.number(t, "SELECT count(*) FROM audit"), "what did not happen is not audited")
	p, err := w.Principal(t.Context(), w.ann.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Member, p.Role, "nothing changed")

	top := sb.Admin
	e, err = w.Preview(t.Context(), sb.Scope{Operator: hello}, judge{}, func(ctx context.Context) error {
		_, err := w.SetOperator(ctx, w.plugin.ID, "hello", sb.OperatorPatch{MinimumRole: &top})
		return err
	})
	require.NoError(t, err)
	require.Equal(t, []sb.Difference{{Principal: w.ann.Who(), Operator: hello, Before: sb.CanManage, After: sb.NoAccess}}, e.Lose)
	require.Len(t, e.Rejected, 1)
	require.Equal(t, run.ID, e.Rejected[0].Run.ID)

	e, err = w.Preview(t.Context(), sb.Scope{PrincipalID: w.ann.ID}, judge{}, func(ctx context.Context) error {
		return w.DeletePrincipal(ctx, w.ann.ID)
	})
	require.NoError(t, err)
	require.Len(t, e.Lose, 1)
	require.Equal(t, w.ann.Who(), e.Lose[0].Principal, "the name of who would be gone")
	require.Len(t, e.Rejected, 2)

	_, err = w.Preview(t.Context(), sb.Scope{PrincipalID: w.admin.ID}, judge{}, func(ctx context.Context) error {
		return w.DeletePrincipal(ctx, w.admin.ID)
	})
	requireCode(t, sb.Conflict, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID), "the database is free again")
}

// previewsAlone looks at a change in a preview from inside and outside, while another is committed beside it.
func previewsAlone(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	kim, lee := w.principal(t, "Kim", sb.Member), w.principal(t, "Lee", sb.Labeler)
	beside := func() { w.grant(t, sb.Grant{DatasetID: w.data.ID, PrincipalID: lee.ID, Permission: sb.CanTag}) }
	outside := func() sb.Permission { return w.facts(t, kim.ID, w.data.ID).Own }
	e, err := w.Preview(t.Context(), sb.Scope{DatasetID: w.data.ID}, judge{}, func(ctx context.Context) error {
		if shared(w.options) { // SQLite has one writer
			beside()
		}
		g := sb.Grant{DatasetID: w.data.ID, PrincipalID: kim.ID, Permission: sb.CanEdit}
		if err := w.SetGrant(ctx, w.admin.ID, g, anyone); err != nil {
			return err
		}
		for _, ask := range []sb.Ask{{PrincipalID: kim.ID, DatasetID: w.data.ID}, {PrincipalID: kim.ID, DatasetID: w.data.ID, Operator: hello}} {
			f, err := w.Facts(ctx, ask)
			require.NoError(t, err)
			require.Equal(t, sb.CanEdit, f.Own, "what reads inside sees the change")
		}
		require.Equal(t, sb.NoAccess, outside(), "nobody else does")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []sb.Difference{{
		Principal: kim.Who(), Dataset: &sb.Who{ID: w.data.ID, Name: w.data.Name}, Before: sb.NoAccess, After: sb.CanEdit,
	}}, e.Gain)
	require.Empty(t, e.Lose)
}

// previewsTogether runs more previews at once than there are connections.
func previewsTogether(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.Store
	if shared(w.options) {
		o := w.options
		o.URL += "&pool_max_conns=1"
		s = Open(t, o)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute) // they would wait for each other for ever
	defer stop()
	var all errgroup.Group
	for range 8 {
		all.Go(func() error {
			_, err := s.Preview(ctx, sb.Scope{PrincipalID: w.ann.ID}, judge{}, func(ctx context.Context) error {
				if err := s.AddMember(ctx, "none", w.ann.ID); sb.CodeOf(err) != sb.NotFound { // holds the organisation
					return err
				}
				_, err := s.Principal(ctx, w.ann.ID)
				return err
			})
			return err
		})
	}
	require.NoError(t, all.Wait())
}
