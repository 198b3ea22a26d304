package api

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/openapi.yaml")

func TestOpenAPIIsTheCommittedOne(t *testing.T) {
	t.Parallel()
	const path = "../../docs/openapi.yaml"
	made, err := OpenAPI()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, made, 0o644))
	}
	committed, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(committed), string(made), "run: go test ./controlplane/api -run OpenAPI -update")
}

func TestOpenAPISaysWhatClientsNeed(t *testing.T) {
	t.Parallel()
	s, _ := build(Deps{})
	doc := s.huma.OpenAPI()
	ids := map[string]bool{}
	for path, item := range doc.Paths {
		require.True(t, strings.HasPrefix(path, base+"/"), path)
		for _, r := range []string{get, post, put, patch, remove} {
			op := s.documented(route{method: r, path: strings.TrimPrefix(path, base)})
			if op == nil {
				continue
			}
			require.NotNil(t, item)
			require.NotEmpty(t, op.Summary, path)
			require.NotEmpty(t, op.Security, path)
			require.False(t, ids[op.OperationID], op.OperationID)
			require.NotNil(t, op.Responses["default"], path)
			ids[op.OperationID] = true
		}
	}
	run := doc.Components.Schemas.Map()["Run"]
	require.Empty(t, run.Properties["params"].Type, "any JSON, not base64")
	require.Len(t, run.Properties["progress"].AnyOf, 2, "an object or null")
	require.NotNil(t, doc.Paths["/api/v1/plugins"].Post.RequestBody.Content["multipart/form-data"])
}

// What Huma does not see, such as a field of an embedded type without an exported name, a handler finds empty.
func TestEveryPathParameterIsRead(t *testing.T) {
	t.Parallel()
	s, _ := build(Deps{})
	for path, item := range s.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || strings.HasPrefix(path, base+"/work/") { // the run of a work call is its token's
				continue
			}
			known := map[string]bool{}
			for _, p := range op.Parameters {
				known[p.In+" "+p.Name] = true
			}
			for part := range strings.SplitSeq(path, "/") {
				if name, is := strings.CutPrefix(part, "{"); is {
					require.True(t, known["path "+strings.TrimSuffix(name, "}")], "%s does not read %s", op.OperationID, part)
				}
			}
		}
	}
}
