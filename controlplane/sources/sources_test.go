package sources_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/sources"
)

const uri = "mongodb://worker:planted%20password@db.example.org/?authSource=admin"

// world is a source whose dataset a run works on, elsewhere.
type world struct {
	*runstest.World
	*sources.Registry
	t      *testing.T
	work   *runs.Work
	prod   sb.Orchestrator
	source sb.Source
	dogs   sb.Dataset
}

// given is what operators are given, as cmd joins it.
type given struct {
	runstest.Secrets
	*sources.Registry
}

// Reach is the registry's.
func (g given) Reach(ctx context.Context, run sb.Run) (*sb.Reach, error) {
	return g.Registry.Reach(ctx, run)
}

func setup(t *testing.T, pools ...string) *world {
	t.Helper()
	w := &world{World: runstest.New(t), t: t}
	keys, err := secrets.Create(t.Context(), t.TempDir()+"/keyset")
	require.NoError(t, err)
	w.Registry = sources.New(w.Store, keys, fiftyone.Driver{})
	w.work = runs.NewWork(w.Store, runstest.Archives{Store: w.Store}, runstest.Tokens{}, given{w.Secrets, w.Registry}, w.Blobs)
	w.prod, err = w.CreateOrchestrator(t.Context(), sb.Orchestrator{
		Name: "prod", Kind: sb.Airflow, Enabled: true, Quota: 5, Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
	}, nil)
	require.NoError(t, err)
	name, address, database, permission := "vision", uri, "fiftyone", sb.CanEdit
	w.source, err = w.Register(t.Context(), sb.FiftyOne, sb.SourcePatch{Name: &name, URI: &address, Database: &database, DefaultPermission: &permission, Pools: &pools})
	require.NoError(t, err)
	watch, err := w.TakeSourceWatch(t.Context(), w.source.ID)
	require.NoError(t, err)
	require.NoError(t, w.SyncDatasets(t.Context(), watch.Ref(), []sb.SourceDataset{{Key: "65a0", Name: "dogs"}}))
	w.dogs, err = w.DatasetOfSource(t.Context(), w.source.ID, "65a0")
	require.NoError(t, err)
	return w
}

// claim schedules an operator on a dataset at the orchestrator that is not ours, and claims its work.
func (w *world) claim(operator, dataset string) (sb.Claimed, sb.Process) {
	w.t.Helper()
	run := w.Schedule(w.t, runstest.Of(operator), func(d *sb.Draft) { d.Dataset, d.Orchestrator = dataset, "prod" })
	_, err := w.Admit(w.t.Context(), w.prod.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(w.t, err)
	p := runstest.Main(w.Get(w.t, run.ID))
	got, err := w.work.Claim(w.t.Context(), w.prod.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(w.t, err)
	return got, p
}

func TestADatabaseIsOneSourceAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	more := func(uri, database string) error {
		name, permission := "more", sb.NoAccess
		_, err := w.Register(t.Context(), sb.FiftyOne, sb.SourcePatch{Name: &name, URI: &uri, Database: &database, DefaultPermission: &permission})
		return err
	}
	for _, same := range []string{uri, "mongodb://other:password@DB.example.org:27017", "mongodb://first.example.org,db.example.org/?replicaSet=rs0"} {
		requireTaken(t, more(same, "fiftyone"))
	}
	require.NoError(t, more(uri, "other"))
	name := "fiftyone"
	_, err := w.Change(t.Context(), "more", sb.SourcePatch{Database: &name})
	requireTaken(t, err)
	other := "mongodb://db.example.org:27018"
	_, err = w.Change(t.Context(), "more", sb.SourcePatch{Database: &name, URI: &other})
	require.NoError(t, err)
	same := uri
	_, err = w.Change(t.Context(), "vision", sb.SourcePatch{URI: &same, Database: &name})
	require.NoError(t, err, "it is not taken by itself")
}

func requireTaken(t *testing.T, err error) {
	t.Helper()
	var wrong *sb.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []sb.Fault{{Location: "body.uri", Message: "this database is the source vision already"}}, wrong.Faults)
}

func TestTheAddressGoesByClaimToTheSourcesPoolsOnly(t *testing.T) {
	t.Parallel()
	w := setup(t, "prod")
	got, p := w.claim(runstest.Embed, "dogs")
	require.Equal(t, &sb.Reach{URI: uri, Database: "fiftyone", DatasetID: "65a0", Dataset: "dogs"}, got.Reach)
	require.Empty(t, got.Secrets, "it is no secret of the operator")
	again, err := w.work.Claim(t.Context(), w.prod.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(t, err)
	require.Equal(t, got.Reach, again.Reach)

	other := "mongodb://other/"
	_, err = w.Change(t.Context(), "vision", sb.SourcePatch{URI: &other})
	require.NoError(t, err)
	again, err = w.work.Claim(t.Context(), w.prod.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(t, err)
	require.Equal(t, uri, again.Reach.URI, "what was handed out stays")

	elsewhere := setup(t, "builtin/default")
	got, _ = elsewhere.claim(runstest.Embed, "dogs")
	require.Equal(t, &sb.Reach{Database: "fiftyone", DatasetID: "65a0", Dataset: "dogs"}, got.Reach)
}

func TestACommandAndARunWithoutASourceGetNoAddress(t *testing.T) {
	t.Parallel()
	w := setup(t, "prod")
	got, _ := w.claim(runstest.Once, "dogs")
	require.Nil(t, got.Reach)
	got, _ = w.claim(runstest.Embed, "cats")
	require.Nil(t, got.Reach)
}

func TestTheAddressIsMaskedInWhatARunSays(t *testing.T) {
	t.Parallel()
	w := setup(t, "prod")
	_, p := w.claim(runstest.Embed, "dogs")
	require.NoError(t, w.work.Start(t.Context(), p, "", ""))
	masked, err := w.work.Masked(t.Context(), p, []byte("at "+uri+" with planted password\n"), false)
	require.NoError(t, err)
	require.Equal(t, "at *** with ***\n", string(masked))
	require.NoError(t, w.work.Fail(t.Context(), p, "no answer from "+uri, "planted%20password"))
	said := w.Get(t, p.Run).Work.Reported
	require.Equal(t, "no answer from ***", said.Message)
	require.Equal(t, "***", said.Stack)
}

func TestAnAddressThatDoesNotOpenIsSaid(t *testing.T) {
	t.Parallel()
	w := setup(t, "prod")
	_, err := w.ChangeSource(t.Context(), w.source.ID, []byte("garbage"), func(s sb.Source) (sb.Source, error) { return s, nil })
	require.NoError(t, err)
	_, _, err = w.Open(t.Context(), w.source.ID)
	runstest.RequireCode(t, sb.Invalid, err)
	require.Contains(t, err.Error(), "enter it again")
}
