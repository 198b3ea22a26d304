package signalbox_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "signalbox"

// mayImport says for each part which other packages of the project it may import, besides what lies in its own
// folder; docs/architecture.md explains it. The longest folder counts. Tests may import more.
var mayImport = map[string][]string{
	".":                          {},
	"adapters":                   {root},
	"blobs":                      {root},
	"cli":                        {root, "signalbox/client"},
	"client":                     {root},
	"controlplane/access":        {root},
	"controlplane/api":           {root},
	"controlplane/audit":         {root},
	"controlplane/catalog":       {root},
	"controlplane/config":        {root},
	"controlplane/dispatch":      {root},
	"controlplane/identity":      {root},
	"controlplane/forms":         {root},
	"controlplane/intake":        {root},
	"controlplane/logplaces":     {root},
	"controlplane/mail":          {root},
	"controlplane/metrics":       {root},
	"controlplane/orchestrators": {root},
	"controlplane/queue":         {root},
	"controlplane/runs":          {root},
	"controlplane/secrets":       {root},
	"controlplane/sources":       {root},
	"controlplane/store":         {root},
	"controlplane/watch":         {root},
	"examples":                   {},
	"executors":                  {root},
	"logs":                       {root},
	"sdk/fiftyone":               {},
	"sdk/python":                 {},
	"web":                        {},
	"workflows":                  {root},
	"internal/freeport":          {},
	"workflows/devserver":        {"signalbox/internal/freeport"},
}

// knowAll are the folders that join the parts.
var knowAll = []string{"cmd", "e2e", "bench"}

// onlyIn says where a library may be used outside of tests, so that each can be replaced in one place.
var onlyIn = map[string][]string{
	"cloud.google.com/go":                {"blobs"},
	"github.com/aws/aws-sdk-go-v2":       {"blobs", "adapters/airflow/clouds"},
	"github.com/beevik/etree":            {"controlplane/identity/saml"},
	"github.com/coreos/go-oidc":          {"controlplane/identity/oidc"},
	"github.com/crewjam/saml":            {"controlplane/identity/saml"},
	"github.com/gin-gonic/gin":           {"controlplane/api"},
	"github.com/jackc/pgx":               {"controlplane/store"},
	"github.com/kelseyhightower":         {"controlplane/config"},
	"github.com/spf13/cobra":             {"cli", "cmd"},
	"github.com/temporalio/ui-server":    {"workflows/devserver"},
	"github.com/tink-crypto":             {"controlplane/secrets"},
	"github.com/uptrace/bun":             {"controlplane/store"},
	"github.com/wneessen/go-mail":        {"controlplane/mail"},
	"github.com/hashicorp":               {"adapters/outbound"},
	"github.com/russellhaering":          {"controlplane/identity/saml"},
	"github.com/sony/gobreaker":          {"adapters/outbound"},
	"go.opentelemetry.io/otel/exporters": {"cmd"},
	"go.opentelemetry.io/otel/sdk":       {"cmd"},
	"golang.org/x/oauth2":                {"controlplane/identity/oidc", "adapters/airflow/clouds"},
	"go.mongodb.org/mongo-driver":        {"adapters/fiftyone"},
	"go.temporal.io/api":                 {"workflows", "cmd"},
	"go.temporal.io/sdk":                 {"workflows", "cmd"},
	"go.temporal.io/server":              {"workflows/devserver"},
	"gocloud.dev":                        {"blobs", "controlplane/secrets"},
	"modernc.org/sqlite":                 {"controlplane/store"},
}

// source is one Go file of the project.
type source struct {
	path  string // with slashes, from the root of the project
	lines int
	tree  *ast.File
}

func (s source) folder() string { return path.Dir(s.path) }
func (s source) test() bool     { return strings.HasSuffix(s.path, "_test.go") }

// forTests tells whether the file is part of no product binary: a test, or a suite for tests.
func (s source) forTests() bool {
	return s.test() || strings.HasSuffix(s.folder(), "test") || under(s.path, "e2e") || under(s.path, "bench")
}

var files = token.NewFileSet()

// sources reads all Go files of the project, whatever their build tags.
var sources = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			skip := name != "." && strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "data"}, entry.Name())
			if skip {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		tree, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path: filepath.ToSlash(name), lines: files.File(tree.Pos()).LineCount(), tree: tree})
		return nil
	})
	return all, err
})

func project(t *testing.T) []source {
	t.Helper()
	all, err := sources()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return ast.IsGenerated(s.tree) })
}

func under(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

func underAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return under(name, f) })
}

func where(s source, at ast.Node) string {
	return s.path + ":" + strconv.Itoa(files.Position(at.Pos()).Line)
}

// part is the row of the import table that a folder belongs to: the longest that fits.
func part(folder string) (name string, ok bool) {
	rows := slices.SortedFunc(maps.Keys(mayImport), func(a, b string) int { return len(b) - len(a) })
	for _, row := range rows {
		if row == folder || row != "." && under(folder, row) {
			return row, true
		}
	}
	return "", false
}

func TestPartsImportOnlyWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	for _, s := range project(t) {
		if s.forTests() || underAny(s.path, knowAll) {
			continue
		}
		row, ok := part(s.folder())
		if !ok {
			t.Errorf("%s: this folder is not in the import table", s.path)
			continue
		}
		for _, spec := range s.tree.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			own := row != "." && under(name, root+"/"+row)
			if under(name, root) && !own && !slices.Contains(mayImport[row], name) {
				t.Errorf("%s imports %s; %s may import %v", where(s, spec), name, row, mayImport[row])
			}
			if row == "." && strings.Contains(strings.Split(name, "/")[0], ".") {
				t.Errorf("%s imports %s; the words import the standard library only", where(s, spec), name)
			}
		}
	}
}

func TestLibrariesStayInTheirFolders(t *testing.T) {
	t.Parallel()
	for _, s := range project(t) {
		for _, spec := range s.tree.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			for library, folders := range onlyIn {
				if under(name, library) && !s.forTests() && !underAny(s.path, folders) {
					t.Errorf("%s imports %s, which belongs in %v", where(s, spec), name, folders)
				}
			}
			// Linking the server takes minutes: the tests of a package must not wait for it.
			if under(name, "go.temporal.io/server") && !underAny(s.path, []string{"workflows", "e2e", "bench"}) {
				t.Errorf("%s imports %s", where(s, spec), name)
			}
		}
	}
}

func TestAStatusIsAssignedInOnePlace(t *testing.T) {
	t.Parallel()
	for _, s := range project(t) {
		if s.forTests() || s.path == "run.go" {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					field, ok := left.(*ast.SelectorExpr)
					if ok && field.Sel.Name == "Status" && isStatus(n.Rhs[min(i, len(n.Rhs)-1)]) {
						t.Errorf("%s assigns a run's status; only Run.Apply does", where(s, n))
					}
				}
			case *ast.KeyValueExpr:
				key, ok := n.Key.(*ast.Ident)
				if ok && key.Name == "Status" && isStatus(n.Value) && last(n.Value) != "Scheduled" && last(n.Value) != "Status" {
					t.Errorf("%s makes a run that is not Scheduled", where(s, n))
				}
			}
			return true
		})
	}
}

// isStatus tells whether an expression is one of the statuses, or turns something into one.
func isStatus(e ast.Expr) bool {
	return slices.Contains([]string{"Scheduled", "Queued", "Running", "Completed", "Failed", "Status"}, last(e))
}

// last is the last name of an expression: of sb.Queued it is Queued, of sb.Status(x) it is Status.
func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		return last(e.Fun)
	}
	return ""
}

func TestTheEnvironmentIsReadInCmdOnly(t *testing.T) {
	t.Parallel()
	for _, s := range project(t) {
		if s.forTests() || under(s.path, "cmd") || s.path == "fault_on.go" { // the latter is built for kill tests only
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := call.X.(*ast.Ident)
			if ok && from.Name == "os" && (call.Sel.Name == "Getenv" || call.Sel.Name == "LookupEnv") {
				t.Errorf("%s reads the environment; settings belong in controlplane/config", where(s, n))
			}
			return true
		})
	}
}
