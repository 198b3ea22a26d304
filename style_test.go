package signalbox_test

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Budgets, in lines. They keep the code readable in small pieces; docs/development.md says how they are counted.
const (
	functionMedian, functionP90, functionMost = 12, 36, 80
	fileP90, fileMost                         = 250, 500
)

// sized is a function or a file with its number of lines.
type sized struct {
	where string
	lines int
}

func TestFunctionsAreShort(t *testing.T) {
	t.Parallel()
	var all []sized
	for _, s := range project(t) {
		if s.forTests() {
			continue
		}
		for _, d := range s.tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				all = append(all, sized{where(s, f) + " " + f.Name.Name, lines(f)})
			}
		}
	}
	require.LessOrEqual(t, quantile(all, 0.5).lines, functionMedian, "median of %d functions", len(all))
	require.LessOrEqual(t, quantile(all, 0.9).lines, functionP90, "p90 of %d functions", len(all))
	tooLong(t, all, functionMost)
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	var product, all []sized
	for _, s := range project(t) {
		all = append(all, sized{s.path, s.lines})
		if !s.forTests() {
			product = append(product, sized{s.path, s.lines})
		}
	}
	require.LessOrEqual(t, quantile(product, 0.9).lines, fileP90, "p90 of %d files", len(product))
	tooLong(t, all, fileMost)
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, s := range project(t) {
		if !s.test() {
			said[s.folder()] = said[s.folder()] || s.tree.Doc != nil
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(said)) {
		require.Truef(t, said[folder], "package %s has no comment", folder)
	}
}

func lines(n ast.Node) int {
	return files.Position(n.End()).Line - files.Position(n.Pos()).Line + 1
}

// quantile sorts by lines and gives the element at a share of the way.
func quantile(all []sized, share float64) sized {
	slices.SortFunc(all, func(a, b sized) int { return a.lines - b.lines })
	return all[int(share*float64(len(all)-1))]
}

func tooLong(t *testing.T, all []sized, most int) {
	t.Helper()
	var over []string
	for _, s := range all {
		if s.lines > most {
			over = append(over, fmt.Sprintf("%s: %d lines", s.where, s.lines))
		}
	}
	require.Emptyf(t, over, "over %d lines:\n%s", most, strings.Join(over, "\n"))
}
