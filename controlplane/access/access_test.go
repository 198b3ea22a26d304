package access_test

import (
	"encoding/csv"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

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
		{"cloning needs view on the source", facts(access0(sb.NoAccess)), sb.ActCreateDataset, sb.NotFound},
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
