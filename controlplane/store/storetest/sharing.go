package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var sharingTests = map[string]func(*testing.T, Fresh){
	"grants to principals and groups become facts":                    grants,
	"many groups are told in pages":                                   manyGroups,
	"everyone with access is listed with what it rests on":            holders,
	"those to share with are found by part of a name":                 candidates,
	"a clone is its creator's alone":                                  clones,
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
	list, err := w.GroupGrants(t.Context(), again.ID, "", "", 0)
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
	list, err := w.GroupGrants(t.Context(), w.data.ID, "", "", 0)
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
		page, err := w.GroupGrants(t.Context(), w.data.ID, "", cursor, 50)
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
	found, err := w.GroupGrants(t.Context(), w.data.ID, "ROUP 110", "", 50)
	require.NoError(t, err)
	require.Len(t, found.Items, 6, "group 1100 to 1105")
	page, err := w.Holders(t.Context(), sb.HolderQuery{DatasetID: w.data.ID, OnlyID: w.ann.ID, Limit: 1})
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
		page, err := w.Holders(t.Context(), sb.HolderQuery{DatasetID: w.data.ID, Cursor: cursor, Limit: 2})
		require.NoError(t, err)
		for _, h := range page.Items {
			require.Equal(t, w.facts(t, h.Facts.Principal.ID, w.data.ID), h.Facts)
			alone, err := w.Holders(t.Context(), sb.HolderQuery{DatasetID: w.data.ID, OnlyID: h.Facts.Principal.ID, Limit: 2})
			require.NoError(t, err)
			require.Equal(t, []sb.Holder{h}, alone.Items)
			found, err := w.Holders(t.Context(), sb.HolderQuery{DatasetID: w.data.ID, Search: strings.ToUpper(h.Facts.Principal.Name)})
			require.NoError(t, err)
			require.Contains(t, found.Items, h)
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
