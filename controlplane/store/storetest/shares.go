package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/access"
)

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
	page, err := s.Principals(ctx(t), sb.PrincipalQuery{Limit: sb.MaxLimit})
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
		page, err := s.Datasets(ctx(t), sb.Viewer{Principal: p}, "", "", sb.MaxLimit)
		require.NoError(t, err)
		var want, got []string
		for _, d := range s.datasets {
			f := s.facts(t, p.ID, d.ID)
			require.True(t, access.Cap(p.Role).AtLeast(access.Effective(f)))
			s.explained(t, p.ID, d.ID)
			if access.Effective(f) != sb.NoAccess {
				want = append(want, d.Name)
			}
			holders, err := s.Holders(ctx(t), sb.HolderQuery{DatasetID: d.ID, OnlyID: p.ID, Limit: sb.MaxLimit})
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
