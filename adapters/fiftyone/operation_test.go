package fiftyone

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	sb "signalbox"
)

// captured reads a document as FiftyOne 1.22.1 has written it, changed by a test.
func captured(t *testing.T, name string, change func(bson.M)) bson.Raw {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	var doc bson.M
	require.NoError(t, bson.UnmarshalExtJSON(text, true, &doc))
	if change != nil {
		change(doc)
	}
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

// requestOf is the request of a document.
func requestOf(doc bson.M) bson.D {
	for _, e := range doc["context"].(bson.D) {
		if e.Key == "request_params" {
			return e.Value.(bson.D)
		}
	}
	return nil
}

func withRequest(more ...bson.E) func(bson.M) {
	return func(doc bson.M) {
		doc["context"] = bson.D{{Key: "request_params", Value: append(requestOf(doc), more...)}}
	}
}

func TestAnOperationIsReadWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/app_ui_queued.json")
	require.NoError(t, err)
	var raw bson.Raw
	require.NoError(t, bson.UnmarshalExtJSON(text, true, &raw))
	o := operationOf(raw)
	require.Empty(t, o.Refusal)
	require.Equal(t, "6b026fda8ac4fc8077e131d5", o.ID)
	require.Equal(t, "@acme/hello/hello", o.Operator)
	require.Equal(t, "hello", o.Label)
	require.Equal(t, sb.OperationQueued, o.State)
	require.Equal(t, "6b026c11f129ab1183d8c20d", o.DatasetID)
	require.Equal(t, `{"name":"world","count":3,"delay":0,"mood":"happy","address":{"po_box":false}}`, string(o.Params), "in its own order")
	require.Nil(t, o.View)
	require.Nil(t, o.Pipeline)
	require.Contains(t, string(o.InputsSchema), `{"type":{"name":"Object","properties":{"name":`)
	var request map[string]any
	require.NoError(t, json.Unmarshal(o.Request, &request))
	require.NotContains(t, request, "params")
	require.Contains(t, request, "sample_selection_style", "what is not known is kept")
}

func TestTokensAreTakenOutOfARequest(t *testing.T) {
	t.Parallel()
	o := operationOf(captured(t, "app_ui_queued", withRequest(
		bson.E{Key: "user_request_token", Value: "planted-1"}, bson.E{Key: "hf_token", Value: "planted-2"}, bson.E{Key: "api_key", Value: "planted-3"},
		bson.E{Key: "tokens_seen", Value: 4},
	)))
	require.Equal(t, "planted-1", o.Token)
	require.NotContains(t, string(o.Request), "planted")
	require.Contains(t, string(o.Request), "tokens_seen")
}

func TestValuesOfMongoDBTravelAsExtendedJSON(t *testing.T) {
	t.Parallel()
	id := bson.NewObjectID()
	o := operationOf(captured(t, "app_ui_queued", withRequest(
		bson.E{Key: "view", Value: bson.A{bson.D{{Key: "_cls", Value: "Limit"}, {Key: "id", Value: id}}}},
	)))
	require.Equal(t, `[{"_cls":"Limit","id":{"$oid":"`+id.Hex()+`"}}]`, string(o.View))
	back, err := bson.Marshal(bson.D{{Key: "v", Value: fromJSON(json.RawMessage(`{"a":{"$oid":"` + id.Hex() + `"}}`))}})
	require.NoError(t, err)
	require.Equal(t, id, bson.Raw(back).Lookup("v", "a").ObjectID())
	require.Equal(t, `{"a":{"$date":"soon"}}`, fromJSON(json.RawMessage(`{"a":{"$date":"soon"}}`)), "what only looks so is text")
	require.Nil(t, fromJSON(nil))
	require.Nil(t, fromJSON(json.RawMessage("null")))
}

func TestWhatCannotBeTakenIsRefusedAndStopsNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(bson.M)
		why    string
	}{
		"no operator":           {func(d bson.M) { delete(d, "operator") }, "names no operator"},
		"an operator that is 7": {func(d bson.M) { d["operator"] = 7 }, "names no operator"},
		"a part":                {func(d bson.M) { d["parent_id"] = bson.NewObjectID() }, "part of a distributed"},
		"a distributed stage": {func(d bson.M) {
			d["pipeline"] = stages(bson.D{{Key: "name", Value: "two"}, {Key: "num_distributed_tasks", Value: 3}})
		}, "stage two"},
		"a bare list of stages": {func(d bson.M) {
			d["pipeline"] = bson.A{bson.D{{Key: "operator_uri", Value: "a/b"}, {Key: "num_distributed_tasks", Value: 2}}}
		}, "stage a/b"},
		"a stage in one task": {func(d bson.M) {
			d["pipeline"] = stages(bson.D{{Key: "name", Value: "one"}, {Key: "num_distributed_tasks", Value: 1}}, bson.D{{Key: "num_distributed_tasks", Value: 1.0}})
		}, ""},
		"a stage in so many tasks as somebody wrote": {func(d bson.M) {
			d["pipeline"] = stages(bson.D{{Key: "name", Value: "odd"}, {Key: "num_distributed_tasks", Value: "many"}})
		}, "stage odd"},
		"stages as usual": {func(d bson.M) {
			d["pipeline"] = stages(bson.D{{Key: "name", Value: "one"}, {Key: "num_distributed_tasks", Value: nil}})
		}, ""},
		"nothing but an operator": {func(d bson.M) {
			for key := range d {
				if key != "_id" && key != "operator" {
					delete(d, key)
				}
			}
		}, ""},
		"odd fields": {func(d bson.M) { d["context"], d["metadata"], d["label"], d["dataset_id"] = "x", 7, bson.A{}, "y" }, ""},
	} {
		o := operationOf(captured(t, "pipe_queued", row.change))
		require.NotEmpty(t, o.ID, name)
		if row.why == "" {
			require.Empty(t, o.Refusal, name)
			continue
		}
		require.Contains(t, o.Refusal, row.why, name)
	}
}

func stages(list ...bson.D) bson.D {
	all := bson.A{}
	for _, s := range list {
		all = append(all, s)
	}
	return bson.D{{Key: "stages", Value: all}}
}

func TestTheDriversOwnCallsAreGuarded(t *testing.T) {
	t.Parallel()
	client := settings("mongodb://host/").HTTPClient
	require.NotEqual(t, options.Client().HTTPClient, client)
	_, err := client.Get("http://169.254.169.254/latest/meta-data") //nolint:bodyclose,noctx // it is refused
	require.ErrorContains(t, err, "link-local")
}

func TestAnAddressIsCheckedWithoutBeingQuotedOrReached(t *testing.T) {
	t.Parallel()
	for uri, good := range map[string]bool{
		"mongodb://user:pass@db.example.org:27017,db2.example.org/?replicaSet=rs0":           true,
		"mongodb+srv://user:pass@db.invalid/":                                                true,
		"mongodb://user:planted@pass@host/":                                                  false,
		"mongodb://host/?replicaSet":                                                         false,
		"mongodb://":                                                                         false,
		"http://planted/":                                                                    false,
		"mongodb://user:pass@host/?authMechanism=SCRAM-SHA-1":                                true,
		"mongodb://user:pass@host/?authMechanism=PLAIN&authSource=$external":                 true,
		"mongodb://host/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:k8s": false,
		"mongodb://host/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:azure,TOKEN_RESOURCE:planted": false,
		"mongodb://host/?authMechanism=MONGODB-AWS":           false,
		"mongodb+srv://db.invalid/?authMechanism=MONGODB-AWS": false,
		"mongodb://user@host/?authMechanism=GSSAPI":           false,
	} {
		wrong := Driver{}.Check(uri)
		require.Equal(t, good, wrong == "", uri)
		require.NotContains(t, wrong, "planted")
	}
	_, err := Driver{}.Open("mongodb://user:planted@pass@host/", "fiftyone")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	require.NotContains(t, err.Error(), "planted")
}
