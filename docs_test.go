package signalbox_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	setting = regexp.MustCompile(`SIGNALBOX_[A-Z_]*[A-Z]`)
)

// documents gives every Markdown file at the root and in docs, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			all[filepath.ToSlash(name)] = string(content)
		}
	}
	require.Contains(t, all, "README.md")
	return all
}

func TestLinksInTheDocsLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := documents(t)
	for name, content := range all {
		for _, m := range link.FindAllStringSubmatch(content, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path.Join(path.Dir(name), file)
			if file == "" {
				target = name
			}
			_, err := os.Stat(target)
			require.NoErrorf(t, err, "%s links to %s", name, m[1])
			if anchor != "" {
				require.Containsf(t, anchors(all[target]), anchor, "%s links to %s", name, m[1])
			}
		}
	}
}

// anchors are the names under which a document's headings can be linked to.
func anchors(content string) []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(content, -1) {
		name := strings.Map(func(r rune) rune {
			if strings.ContainsRune(",.:;?!'`\"()", r) {
				return -1
			}
			return r
		}, strings.ToLower(m[1]))
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func TestSettingsInTheDocsExist(t *testing.T) {
	t.Parallel()
	all := documents(t)
	known := map[string]bool{}
	for _, name := range setting.FindAllString(all["docs/configuration.md"]+all["docs/operators.md"]+all["docs/tasks.md"], -1) {
		known[name] = true
	}
	for name, content := range all {
		for _, s := range setting.FindAllString(content, -1) {
			require.Truef(t, known[s], "%s names %s", name, s)
		}
	}
}
