package fiftyone_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/adapters/fiftyone"
	"signalbox/adapters/fiftyone/realtest"
)

func TestRealDatasets(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	db, err := fiftyone.Driver{}.Open(f.URI(), "fiftyone")
	require.NoError(t, err)
	defer db.Close()
	version, err := db.Server(t.Context())
	require.NoError(t, err)
	require.Equal(t, "6.0.5", version)
	var id string
	f.Script(&id, `
d = fo.Dataset("dogs", persistent=True)
d.tags = ["train"]
d.add_samples([fo.Sample(filepath=f"/none/{i}.jpg") for i in range(3)])
say(str(d._doc.id))
`)
	list, err := db.Datasets(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, id, list[0].Key)
	require.Equal(t, []string{"train"}, list[0].Tags)
	require.EqualValues(t, 3, *list[0].Samples)
}
