package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var sharingTests = map[string]func(*testing.T, Fresh){
	"grants to principals and groups become facts":                    grants,
	"many groups are told in pages":                                   manyGroups,
	"everyone with access is listed with what it rests on":            holders,
	"those to share with are found by part of a name":                 candidates,
	"a clone is its creator's alone":                                  clones,
	"a preview changes nothing and tells of runs":                     previews,
	"a preview tells of its own change alone":                         previewsAlone,
	"previews take no more connections than one each":                 previewsTogether,
	"lists, caps and previews agree with facts, whatever was granted": sharingProperty,
}

// judge is controlplane/access.
type judge struct{}

func (judge) Effective(f sb.Facts) sb.Permission             { return access.Effective(f) }
func (judge) Check(f sb.Facts, a sb.Action) error            { return access.Check(f, a) }
func (judge) Explain(f sb.Facts, a sb.Action) sb.Explanation { return access.Explain(f, a) }
func anyone(sb.Facts, sb.Facts) error                        { return nil }
func free(sb.Facts) error                                    { return nil }
func (w *world) facts(t require.TestingT, p, d string) sb.Facts {
	f, err := w.Facts(ctx(t), sb.Ask{PrincipalID: p, DatasetID: d})
	require.NoError(t, err)
	return f
}

func (w *world) grant(t require.TestingT, g sb.Grant) {
	require.NoError(t, w.SetGrant(ctx(t), w.admin.ID, g, anyone))
}

func (w *world) group(t *testing.T, name string, members ...sb.Principal) sb.Group {
	t.Helper()
	g, err := w.CreateGroup(t.Context(), name, "")
	require.NoError(t, err)
	for _, p := range members {
		require.NoError(t, w.AddMember(t.Context(), g.ID, p.ID))
	}
	return g
}

func grants(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	gus := w.principal(t, "Gus", sb.Guest)
	red, blue := w.group(t, "Red", gus), w.group(t, "Blue", gus, w.ann)
	d := w.data.ID
	require.Equal(t, sb.NoAccess, w.facts(t, gus.ID, d).Group)
	w.grant(t, sb.Grant{DatasetID: d, GroupID: red.ID, Permission: sb.CanTag})
	w.grant(t, sb.Grant{DatasetID: d, GroupID: blue.ID, Permission: sb.CanManage})
	w.grant(t, sb.Grant{DatasetID: d, PrincipalID: gus.ID, Permission: sb.CanView})
	f := w.facts(t, gus.ID, d)
	require.Equal(t, sb.CanView, f.Own)
	require.Equal(t, sb.CanManage, f.Group)
	require.Equal(t, "Blue", f.Via, "the best group")
	w.grant(t, sb.Grant{DatasetID: d, GroupID: blue.ID, Permission: sb.CanView})
	require.Equal(t, "Red", w.facts(t, gus.ID, d).Via)
	require.NoError(t, w.RemoveMember(t.Context(), red.ID, gus.ID))
	require.Equal(t, sb.CanView, w.facts(t, gus.ID, d).Group, "what a group gave ends with the membership")
	require.NoError(t, w.DeleteGroup(t.Context(), blue.ID))
	require.Equal(t, sb.NoAccess, w.facts(t, gus.ID, d).Group, "and with the group")
	w.grant(t, sb.Grant{DatasetID: d, PrincipalID: gus.ID, Permission: sb.NoAccess})
	require.Equal(t, sb.NoAccess, w.facts(t, gus.ID, d).Own)

	for name, g := range map[string]sb.Grant{
		"no such principal": {DatasetID: d, PrincipalID: "none", Permission: sb.CanView},
		"no such group":     {DatasetID: d, GroupID: "none", Permission: sb.CanView},
		"no such dataset":   {DatasetID: "none", PrincipalID: gus.ID, Permission: sb.CanView},
	} {
		requireCode(t, sb.NotFound, w.SetGrant(t.Context(), w.admin.ID, g, anyone))
		_ = name
	}
	err := w.SetGrant(t.Context(), w.ann.ID, sb.Grant{DatasetID: d, PrincipalID: gus.ID, Permission: sb.CanEdit}, func(by, to sb.Facts) error {
		require.Equal(t, sb.CanManage, by.Own)
		require.Equal(t, gus.ID, to.Principal.ID)
		return access.MayGrant(to, sb.CanEdit)
	})
	requireCode(t, sb.Invalid, err)

	w.grant(t, sb.Grant{DatasetID: d, GroupID: red.ID, Permission: sb.CanTag})
	require.NoError(t, w.DeleteDataset(t.Context(), d, w.ann.Who(), free))
	again, err := w.CreateDataset(t.Context(), sb.Dataset{Name: w.data.Name, DefaultPermission: sb.NoAccess})
	require.NoError(t, err)
	list, err := w.GroupGrants(t.Context(), again.ID, "", 0)
	require.NoError(t, err)
	require.Empty(t, list.Items, "a name used again starts empty")
}

func holders(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	gus, lee, kim := w.principal(t, "Gus", sb.Guest), w.principal(t, "Lee", sb.Labeler), w.principal(t, "Kim", sb.Member)
	red := w.group(t, "Red", lee, kim)
	w.grant(t, sb.Grant{DatasetID: w.data.ID, GroupID: red.ID, Permission: sb.CanEdit})
	require.Equal(t, []string{"Ann Lee own manage", "Kim group edit Red", "Lee group edit Red", "root admin"}, w.holding(t))
	p := sb.CanView
	_, err := w.UpdateDataset(t.Context(), w.ann.ID, w.data.ID, sb.DatasetPatch{DefaultPermission: &p}, free)
	require.NoError(t, err)
	w.principal(t, "Zoe", sb.Member)
	w.grant(t, sb.Grant{DatasetID: w.data.ID, PrincipalID: gus.ID, Permission: sb.CanView})
	require.Equal(t, []string{"Ann Lee own manage", "Gus own view", "Kim group edit Red", "Lee group edit Red", "Zoe default", "root admin"}, w.holding(t))
	list, err := w.GroupGrants(t.Context(), w.data.ID, "", 0)
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Equal(t, 2, list.Items[0].Group.Members)
	require.Equal(t, sb.CanEdit, list.Items[0].Permission)
}

// manyGroups shares a dataset with more groups than are told at once.
func manyGroups(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	const many = sb.MaxThrough + 5
	db := w.raw(t)
	for _, statement := range []string{
		"INSERT INTO groups (id, name, description, created_at) SELECT 'g' || i, 'group ' || (1000 + i), '', 0 FROM n",
		"INSERT INTO members (group_id, principal_id, locked_by) SELECT 'g' || i, '" + w.ann.ID + "', '' FROM n",
		"INSERT INTO group_grants (dataset_id, group_id, permission) SELECT '" + w.data.ID + "', 'g' || i, CASE WHEN i = 105 THEN 'manage' ELSE 'view' END FROM n",
	} {
		_, err := db.ExecContext(t.Context(), strings.Replace(statement, "SELECT", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 105) SELECT", 1))
		require.NoError(t, err)
	}
	var names []string
	for cursor := ""; ; {
		page, err := w.GroupGrants(t.Context(), w.data.ID, cursor, 50)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), 50)
		for _, g := range page.Items {
			names = append(names, g.Group.Name)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Len(t, names, many)
	require.True(t, slices.IsSorted(names))
	page, err := w.Holders(t.Context(), w.data.ID, w.ann.ID, "", 1)
	require.NoError(t, err)
	through := page.Items[0].Groups
	require.Len(t, through, sb.MaxThrough)
	require.Equal(t, sb.CanManage, through[len(through)-1].Permission, "what gives most is told")
	of, err := w.GroupsOf(t.Context(), []string{w.ann.ID, w.admin.ID})
	require.NoError(t, err)
	require.Len(t, of[w.ann.ID], many)
}

// holding lists everyone who has access, in pages of two, in a few words.
func (w *world) holding(t *testing.T) (all []string) {
	t.Helper()
	for cursor := ""; ; {
		page, err := w.Holders(t.Context(), w.data.ID, "", cursor, 2)
		require.NoError(t, err)
		for _, h := range page.Items {
			require.Equal(t, w.facts(t, h.Facts.Principal.ID, w.data.ID), h.Facts)
			alone, err := w.Holders(t.Context(), w.data.ID, h.Facts.Principal.ID, "", 2)
			require.NoError(t, err)
			require.Equal(t, []sb.Holder{h}, alone.Items)
			words := []string{h.Facts.Principal.Name, string(access.Stand(h.Facts).By)}
			if h.Facts.Own != sb.NoAccess {
				words = append(words, string(h.Facts.Own))
			}
			for _, g := range h.Groups {
				words = append(words, string(g.Permission), g.Group.Name)
			}
			all = append(all, strings.Join(words, " "))
		}
		if cursor = page.Next; cursor == "" {
			slices.Sort(all)
			return all
		}
	}
}

func candidates(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.group(t, "Leeds")
	found, err := w.Candidates(t.Context(), "lee")
	require.NoError(t, err)
	require.Equal(t, []sb.Principal{w.ann}, found.Principals)
	require.Len(t, found.Groups, 1)
	found, err = w.Candidates(t.Context(), "root@EXAMPLE")
	require.NoError(t, err)
	require.Equal(t, []sb.Principal{w.admin}, found.Principals)
	found, err = w.Candidates(t.Context(), "100%")
	require.NoError(t, err)
	require.Empty(t, found.Principals)
}

func clones(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	kim := w.principal(t, "Kim", sb.Member)
	w.grant(t, sb.Grant{DatasetID: w.data.ID, PrincipalID: kim.ID, Permission: sb.CanView})
	may := func(f sb.Facts) error { return access.Check(f, sb.ActClone) }
	d, err := w.CloneDataset(t.Context(), w.data.ID, sb.Dataset{Name: "copy", Creator: kim.Who()}, may)
	require.NoError(t, err)
	require.Equal(t, w.data.DefaultPermission, d.DefaultPermission)
	require.Equal(t, sb.CanManage, access.Effective(w.facts(t, kim.ID, d.ID)))
	require.Equal(t, sb.NoAccess, access.Effective(w.facts(t, w.ann.ID, d.ID)), "grants are not copied")
	_, err = w.CloneDataset(t.Context(), w.data.ID, sb.Dataset{Name: "copy", Creator: kim.Who()}, may)
	requireCode(t, sb.Conflict, err)
	w.grant(t, sb.Grant{DatasetID: w.data.ID, PrincipalID: kim.ID, Permission: sb.NoAccess})
	_, err = w.CloneDataset(t.Context(), w.data.ID, sb.Dataset{Name: "copy 2", Creator: kim.Who()}, may)
	requireCode(t, sb.NotFound, err)
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
	e, err := w.Preview(t.Context(), sb.Scope{DatasetID: w.data.ID}, judge{}, func(ctx context.Context) error {
		if shared(w.options) { // SQLite has one writer
			w.grant(t, sb.Grant{DatasetID: w.data.ID, PrincipalID: lee.ID, Permission: sb.CanTag})
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
		require.Equal(t, sb.NoAccess, w.facts(t, kim.ID, w.data.ID).Own, "nobody else does")
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

// sharingProperty does random things to who may do what, the only admin included, and compares, each time, what was
// foretold with what came, the lists with the facts, what is explained with what is decided, and all with the caps. An
// admin is always left.
func sharingProperty(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := &shares{world: w, people: []sb.Principal{w.admin}}
	for _, name := range []string{"p1", "p2", "p3"} {
		s.people = append(s.people, w.principal(t, name, sb.Member))
	}
	for _, name := range []string{"d1", "d2"} {
		d, err := w.CreateDataset(t.Context(), sb.Dataset{Name: name, DefaultPermission: sb.NoAccess})
		require.NoError(t, err)
		s.datasets = append(s.datasets, d)
	}
	s.groups = []sb.Group{w.group(t, "g1"), w.group(t, "g2")}
	rapid.Check(t, func(rt *rapid.T) {
		s.begin(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"grant to a principal": func(rt *rapid.T) {
				g := sb.Grant{DatasetID: s.dataset(rt), PrincipalID: s.person(rt), Permission: permission(rt)}
				s.try(rt, sb.Scope{DatasetID: g.DatasetID, PrincipalID: g.PrincipalID}, func(ctx context.Context) error {
					return w.SetGrant(ctx, w.admin.ID, g, func(_, to sb.Facts) error { return access.MayGrant(to, g.Permission) })
				})
			},
			"grant to a group": func(rt *rapid.T) {
				g := sb.Grant{DatasetID: s.dataset(rt), GroupID: s.aGroup(rt), Permission: permission(rt)}
				s.try(rt, sb.Scope{DatasetID: g.DatasetID, GroupID: g.GroupID}, func(ctx context.Context) error {
					return w.SetGrant(ctx, w.admin.ID, g, anyone)
				})
			},
			"join": func(rt *rapid.T) {
				p, g := s.person(rt), s.aGroup(rt)
				s.try(rt, sb.Scope{PrincipalID: p, GroupID: g}, func(ctx context.Context) error { return w.AddMember(ctx, g, p) })
			},
			"leave": func(rt *rapid.T) {
				p, g := s.person(rt), s.aGroup(rt)
				s.try(rt, sb.Scope{PrincipalID: p, GroupID: g}, func(ctx context.Context) error { return w.RemoveMember(ctx, g, p) })
			},
			"role": func(rt *rapid.T) {
				p, role := s.person(rt), rapid.SampledFrom(sb.Roles).Draw(rt, "role")
				s.try(rt, sb.Scope{PrincipalID: p}, func(ctx context.Context) error {
					_, err := w.UpdatePrincipal(ctx, p, func(p sb.Principal) (sb.Principal, error) {
						p.Role = role
						return p, nil
					})
					return err
				})
			},
			"the end of somebody": func(rt *rapid.T) {
				p, admins := s.person(rt), s.admins(rt)
				_, err := s.Preview(ctx(rt), sb.Scope{PrincipalID: p}, judge{}, func(ctx context.Context) error { return s.DeletePrincipal(ctx, p) })
				require.Equal(rt, len(admins) == 1 && admins[0] == p, sb.CodeOf(err) == sb.Conflict, "but of the last admin")
			},
			"default access": func(rt *rapid.T) {
				d, p := s.dataset(rt), permission(rt)
				s.try(rt, sb.Scope{DatasetID: d}, func(ctx context.Context) error {
					_, err := w.UpdateDataset(ctx, w.admin.ID, d, sb.DatasetPatch{DefaultPermission: &p}, free)
					return err
				})
			},
			"": s.look,
		})
	})
}

// shares is one random sequence.
type shares struct {
	*world
	people   []sb.Principal
	datasets []sb.Dataset
	groups   []sb.Group
}

func (s *shares) person(t *rapid.T) string {
	return rapid.SampledFrom(s.people).Draw(t, "principal").ID
}

func (s *shares) dataset(t *rapid.T) string {
	return rapid.SampledFrom(s.datasets).Draw(t, "dataset").ID
}

func (s *shares) aGroup(t *rapid.T) string { return rapid.SampledFrom(s.groups).Draw(t, "group").ID }

func permission(t *rapid.T) sb.Permission {
	return rapid.SampledFrom(sb.Permissions).Draw(t, "permission")
}

// admins are those there are.
func (s *shares) admins(t *rapid.T) (ids []string) {
	page, err := s.Principals(ctx(t), "", "", "", sb.MaxLimit)
	require.NoError(t, err)
	for _, p := range page.Items {
		if p.Role == sb.Admin {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// begin makes everyone but one a Member, and shares nothing with anybody.
func (s *shares) begin(t *rapid.T) {
	none := sb.NoAccess
	for _, d := range s.datasets {
		_, err := s.UpdateDataset(ctx(t), s.admin.ID, d.ID, sb.DatasetPatch{DefaultPermission: &none}, free)
		require.NoError(t, err)
		for _, g := range s.groups {
			s.grant(t, sb.Grant{DatasetID: d.ID, GroupID: g.ID, Permission: sb.NoAccess})
		}
	}
	for _, p := range s.people {
		s.role(t, p, p.Role) // as he was made
		for _, d := range s.datasets {
			s.grant(t, sb.Grant{DatasetID: d.ID, PrincipalID: p.ID, Permission: sb.NoAccess})
		}
		for _, g := range s.groups {
			_ = s.RemoveMember(ctx(t), g.ID, p.ID) // unless he is not in it
		}
	}
}

// now is what everyone may do with every dataset.
func (s *shares) now(t *rapid.T) map[pair]sb.Permission {
	all := map[pair]sb.Permission{}
	for _, p := range s.people {
		for _, d := range s.datasets {
			all[pair{p.ID, d.ID}] = access.Effective(s.facts(t, p.ID, d.ID))
		}
	}
	return all
}

type pair struct{ principal, dataset string }

// try foretells a change, does it, and compares.
func (s *shares) try(t *rapid.T, scope sb.Scope, do func(context.Context) error) {
	before := s.now(t)
	e, foretold := s.Preview(ctx(t), scope, judge{}, do)
	require.Equal(t, before, s.now(t), "a preview changes nothing")
	err := do(ctx(t))
	require.Equal(t, sb.CodeOf(err), sb.CodeOf(foretold))
	after := s.now(t)
	want, got := map[pair][2]sb.Permission{}, map[pair][2]sb.Permission{}
	for x, is := range after {
		if is != before[x] {
			want[x] = [2]sb.Permission{before[x], is}
		}
	}
	for _, d := range slices.Concat(e.Gain, e.Lose) {
		x := pair{d.Principal.ID, d.Dataset.ID}
		if _, ours := before[x]; ours {
			got[x] = [2]sb.Permission{d.Before, d.After}
		}
	}
	require.Equal(t, want, got)
}

// actions are all that is asked about somebody, an operator and a dataset.
var actions = []sb.Action{
	sb.ActAdminister, sb.ActCreateDataset, sb.ActClone, sb.ActViewDataset, sb.ActExport, sb.ActTag, sb.ActEdit, sb.ActManageDataset, sb.ActSchedule,
	sb.ActPrioritise, sb.ActSeeRuns, sb.ActRenameRuns, sb.ActPinRuns, sb.ActEndRuns, sb.ActUseKeys,
}

// explained compares what is explained with what is decided, with and without an operator, and both with the cap: what
// needs more than somebody's role may have is never allowed.
func (s *shares) explained(t *rapid.T, principal, dataset string) {
	needs := map[sb.Action]sb.Permission{sb.ActTag: sb.CanTag, sb.ActEdit: sb.CanEdit, sb.ActManageDataset: sb.CanManage}
	for _, operator := range []string{"", hello, "@acme/none/none"} {
		f, err := s.Facts(ctx(t), sb.Ask{PrincipalID: principal, DatasetID: dataset, Operator: operator})
		require.NoError(t, err)
		for _, a := range actions {
			allowed := access.Check(f, a) == nil
			require.Equal(t, allowed, access.Explain(f, a).Allowed, "%s of %+v", a, f)
			if need, ok := needs[a]; ok && !access.Cap(f.Principal.Role).AtLeast(need) {
				require.False(t, allowed, "%s of a %s", a, f.Principal.Role)
			}
		}
	}
}

// look compares lists with facts, and both with the caps.
func (s *shares) look(t *rapid.T) {
	require.NotEmpty(t, s.admins(t))
	for _, person := range s.people {
		p, err := s.Principal(ctx(t), person.ID)
		require.NoError(t, err)
		page, err := s.Datasets(ctx(t), sb.Viewer{Principal: p}, "", sb.MaxLimit)
		require.NoError(t, err)
		var want, got []string
		for _, d := range s.datasets {
			f := s.facts(t, p.ID, d.ID)
			require.True(t, access.Cap(p.Role).AtLeast(access.Effective(f)))
			s.explained(t, p.ID, d.ID)
			if access.Effective(f) != sb.NoAccess {
				want = append(want, d.Name)
			}
			holders, err := s.Holders(ctx(t), d.ID, p.ID, "", sb.MaxLimit)
			require.NoError(t, err)
			require.Equal(t, access.Effective(f) != sb.NoAccess, len(holders.Items) == 1)
		}
		for _, f := range page.Items {
			if f.Dataset.ID != s.data.ID {
				got = append(got, f.Dataset.Name)
			}
		}
		require.Equal(t, want, got)
	}
}
