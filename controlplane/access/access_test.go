package access_test

import (
	"encoding/csv"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/access"
)

func TestEffectiveFollowsTheTable(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/permissions.csv")
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 626)
	for _, row := range rows[1:] {
		f := sb.Facts{
			Principal: sb.Principal{Role: sb.Role(row[0])},
			Dataset:   &sb.Dataset{DefaultPermission: sb.Permission(row[1])},
			Own:       sb.Permission(row[2]), Group: sb.Permission(row[3]),
		}
		require.Equal(t, sb.Permission(row[4]), access.Effective(f), "%v", row)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	ana := sb.Principal{ID: "ana", Role: sb.Member}
	operator := sb.Operator{Plugin: "@x/p", Name: "brain", Enabled: true, MinimumRole: sb.Member, MinimumDatasetPermission: sb.CanEdit}
	plugin := sb.Plugin{Name: "@x/p", Enabled: true}
	facts := func(change ...func(*sb.Facts)) sb.Facts {
		o, p := operator, plugin
		f := sb.Facts{Principal: ana, Settings: sb.DefaultSettings(), Plugin: &p, Operator: &o, Dataset: &sb.Dataset{ID: "d", DefaultPermission: sb.CanEdit}}
		for _, c := range change {
			c(&f)
		}
		return f
	}
	role := func(r sb.Role) func(*sb.Facts) { return func(f *sb.Facts) { f.Principal.Role = r } }
	access0 := func(p sb.Permission) func(*sb.Facts) { return func(f *sb.Facts) { f.Dataset.DefaultPermission = p } }
	run := func(by, dataset string, pinned bool) func(*sb.Facts) {
		return func(f *sb.Facts) {
			f.Run = &sb.Run{ID: "r", CreatedBy: sb.Who{ID: by}, DatasetID: dataset, Pinned: pinned}
			if dataset == "" {
				f.Dataset = nil
			}
		}
	}
	for _, row := range []struct {
		name   string
		facts  sb.Facts
		action sb.Action
		want   sb.Code
	}{
		{"a member with Can edit schedules", facts(), sb.ActSchedule, ""},
		{"without a dataset the dataset permission does not apply", facts(func(f *sb.Facts) { f.Dataset = nil }), sb.ActSchedule, ""},
		{"Can view is too little to schedule", facts(access0(sb.CanView)), sb.ActSchedule, sb.Forbidden},
		{"no access looks like no dataset", facts(access0(sb.NoAccess)), sb.ActSchedule, sb.NotFound},
		{"a guest is below the operator's role", facts(role(sb.Guest), func(f *sb.Facts) { f.Own = sb.CanView }), sb.ActSchedule, sb.Forbidden},
		{"a disabled operator", facts(func(f *sb.Facts) { f.Operator.Enabled = false }), sb.ActSchedule, sb.Conflict},
		{"a disabled plugin", facts(func(f *sb.Facts) { f.Plugin.Enabled = false }), sb.ActSchedule, sb.Conflict},
		{"an operator that is not there", facts(func(f *sb.Facts) { f.Operator = nil }), sb.ActSchedule, sb.NotFound},
		{"priority needs Can manage", facts(), sb.ActPrioritise, sb.Forbidden},
		{"an admin may prioritise", facts(role(sb.Admin)), sb.ActPrioritise, ""},
		{"members create datasets", facts(func(f *sb.Facts) { f.Dataset = nil }), sb.ActCreateDataset, ""},
		{"collaborators do not", facts(role(sb.Collaborator), func(f *sb.Facts) { f.Dataset = nil }), sb.ActCreateDataset, sb.Forbidden},
		{"members clone what they see", facts(access0(sb.CanView)), sb.ActClone, ""},
		{"cloning needs view on the source", facts(access0(sb.NoAccess)), sb.ActClone, sb.NotFound},
		{"collaborators do not clone", facts(role(sb.Collaborator), func(f *sb.Facts) { f.Own = sb.CanEdit }), sb.ActClone, sb.Forbidden},
		{"collaborators export", facts(role(sb.Collaborator), func(f *sb.Facts) { f.Own = sb.CanView }), sb.ActExport, ""},
		{"labelers do not export", facts(role(sb.Labeler), func(f *sb.Facts) { f.Own = sb.CanTag }), sb.ActExport, sb.Forbidden},
		{"a grant above the role is capped", facts(role(sb.Labeler), func(f *sb.Facts) { f.Group = sb.CanManage }), sb.ActEdit, sb.Forbidden},
		{"but counts up to the cap", facts(role(sb.Labeler), func(f *sb.Facts) { f.Group = sb.CanManage }), sb.ActTag, ""},
		{"a member sees others' runs", facts(run("bob", "d", false)), sb.ActSeeRun, ""},
		{"a collaborator does not", facts(role(sb.Collaborator), run("bob", "d", false), func(f *sb.Facts) { f.Own = sb.CanEdit }), sb.ActSeeRun, sb.NotFound},
		{"but sees a pinned one", facts(role(sb.Collaborator), run("bob", "d", true), func(f *sb.Facts) { f.Own = sb.CanEdit }), sb.ActSeeRun, ""},
		{"nobody sees a run on a dataset without access", facts(access0(sb.NoAccess), run("ana", "d", false)), sb.ActSeeRun, sb.NotFound},
		{"a run without a dataset is the submitter's", facts(run("ana", "", false)), sb.ActSeeRun, ""},
		{"and not of others", facts(run("bob", "", false)), sb.ActSeeRun, sb.NotFound},
		{"an admin sees it", facts(role(sb.Admin), run("bob", "", false)), sb.ActSeeRun, ""},
		{"the submitter ends his run", facts(run("ana", "d", false)), sb.ActEndRun, ""},
		{"Can edit does not end another's run", facts(run("bob", "d", false)), sb.ActEndRun, sb.Forbidden},
		{"Can edit renames another's run", facts(run("bob", "d", false)), sb.ActRenameRun, ""},
		{"pinning needs Can edit, also for the submitter", facts(access0(sb.CanView), run("ana", "d", false)), sb.ActPinRun, sb.Forbidden},
		{"an admin ends a run without a dataset", facts(role(sb.Admin), run("bob", "", false)), sb.ActEndRun, ""},
		{"a member does not administer", facts(), sb.ActAdminister, sb.Forbidden},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, sb.CodeOf(access.Check(row.facts, row.action)))
		})
	}
}

// Explain and Check are one decision.
func TestExplainAgreesWithCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, a := drawFacts(t), rapid.SampledFrom(actions).Draw(t, "action")
		err, said := access.Check(f, a), access.Explain(f, a)
		require.Equal(t, err == nil, said.Allowed)
		require.NotEmpty(t, said.Reason)
		require.NotEmpty(t, said.Steps)
		require.True(t, access.Cap(f.Principal.Role).AtLeast(access.Effective(f)) || !f.Principal.Role.Valid())
	})
}

var actions = []sb.Action{
	sb.ActAdminister, sb.ActCreateDataset, sb.ActClone, sb.ActViewDataset, sb.ActExport, sb.ActTag, sb.ActEdit, sb.ActManageDataset,
	sb.ActSchedule, sb.ActPrioritise, sb.ActSeeRun, sb.ActRenameRun, sb.ActPinRun, sb.ActEndRun, sb.ActSeeRuns, sb.ActRenameRuns,
	sb.ActPinRuns, sb.ActEndRuns, sb.ActUseKeys, "no such action",
}

func drawFacts(t *rapid.T) sb.Facts {
	permission := func(name string) sb.Permission {
		return rapid.SampledFrom(append([]sb.Permission{""}, sb.Permissions...)).Draw(t, name)
	}
	role := rapid.SampledFrom(append([]sb.Role{""}, sb.Roles...))
	f := sb.Facts{
		Principal: sb.Principal{ID: "p", Name: "Ana", Role: role.Draw(t, "role")}, Settings: sb.DefaultSettings(),
		Own: permission("own"), Group: permission("group"),
	}
	f.Settings.AllRunsMinimumRole = role.Draw(t, "all runs")
	if rapid.Bool().Draw(t, "on a dataset") {
		f.Dataset = &sb.Dataset{ID: "d", Name: "D", DefaultPermission: permission("default")}
	}
	if rapid.Bool().Draw(t, "with a plugin") {
		f.Plugin = &sb.Plugin{Name: "@x/p", Enabled: rapid.Bool().Draw(t, "enabled")}
		if rapid.Bool().Draw(t, "with an operator") {
			f.Operator = &sb.Operator{
				Plugin: "@x/p", Name: "o", Enabled: rapid.Bool().Draw(t, "operator enabled"),
				MinimumRole: role.Draw(t, "minimum role"), MinimumDatasetPermission: permission("minimum"),
			}
		}
	}
	if rapid.Bool().Draw(t, "of a run") {
		f.Run = &sb.Run{
			ID: "r", DatasetID: rapid.SampledFrom([]string{"", "d"}).Draw(t, "run's dataset"), Pinned: rapid.Bool().Draw(t, "pinned"),
			CreatedBy: sb.Who{ID: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "submitter")},
		}
	}
	return f
}

func TestExplainSaysWhy(t *testing.T) {
	t.Parallel()
	f := sb.Facts{
		Principal: sb.Principal{Name: "Ana", Role: sb.Guest}, Dataset: &sb.Dataset{Name: "D", DefaultPermission: sb.CanEdit},
		Own: sb.NoAccess, Group: sb.CanEdit, Via: "Labelers",
		Plugin:   &sb.Plugin{Name: "@x/p", Enabled: true},
		Operator: &sb.Operator{Plugin: "@x/p", Name: "brain", Enabled: true, MinimumRole: sb.Guest, MinimumDatasetPermission: sb.CanEdit},
	}
	said := access.Explain(f, sb.ActSchedule)
	require.Equal(t, "Operator @x/p/brain needs Can edit on the dataset; Ana has Can view through group Labelers, capped by the role guest.", said.Reason)
	require.Equal(t, []sb.Step{
		{Name: "role", Detail: "Ana has the role guest."},
		{Name: "own grant", Detail: "No access."},
		{Name: "group grant", Detail: "Can edit through group Labelers."},
		{Name: "default access", Detail: "Can edit, but only for members."},
		{Name: "cap", Detail: "The role guest may have at most Can view."},
		{Name: "permission", Detail: "On D Ana has Can view through group Labelers, capped by the role guest."},
		{Name: "operator", Detail: "@x/p/brain needs the role guest and Can edit on the dataset; it is enabled."},
	}, said.Steps)
	require.EqualError(t, access.Check(f, sb.ActSchedule),
		"operator @x/p/brain needs Can edit on the dataset; you have Can view through group Labelers, capped by the role guest")
}

func TestMayGrant(t *testing.T) {
	t.Parallel()
	may := map[sb.Role][]sb.Permission{
		sb.Admin: {sb.NoAccess}, sb.Member: sb.Permissions, sb.Collaborator: sb.Permissions[:4], sb.Labeler: sb.Permissions[:3], sb.Guest: sb.Permissions[:2],
	}
	for role, allowed := range may {
		for _, p := range append([]sb.Permission{"rubbish"}, sb.Permissions...) {
			err := access.MayGrant(sb.Facts{Principal: sb.Principal{Name: "Ana", Role: role}}, p)
			if slices.Contains(allowed, p) {
				require.NoError(t, err, "%s %s", role, p)
			} else {
				require.Equal(t, sb.Invalid, sb.CodeOf(err), "%s %s", role, p)
			}
		}
	}
}
