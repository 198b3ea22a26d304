//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

// The operators of the marks plugin. Each writes numbered lines and may sleep between them (param seconds).
const (
	mark    = "@test/marks/mark"    // retried
	fragile = "@test/marks/fragile" // not retried
	tell    = "@test/marks/tell"    // retried; reports progress and a result too large for a row
	chatter = "@test/marks/chatter" // as tell; and its log has many chunks
)

// linesOfMark is how many lines each writes.
const linesOfMark = 20

// marks is a folder in which every process of the marks plugin leaves a mark for its attempt.
type marks string

// env lets operators see the folder.
func (m marks) env() []string {
	return []string{"MARKS=" + string(m), "SIGNALBOX_WORKER_ENV=PATH HOME LANG TMPDIR MARKS"}
}

// of is the mark of an attempt.
func (m marks) of(id string, attempt int) string {
	return filepath.Join(string(m), fmt.Sprintf("%s.%d", id, attempt))
}

// noneTwice demands that no attempt was begun by two processes.
func (m marks) noneTwice(t *testing.T) {
	t.Helper()
	twice, err := filepath.Glob(filepath.Join(string(m), "twice.*"))
	require.NoError(t, err)
	require.Empty(t, twice, "an attempt ran twice")
}

// ended demands that the process of an attempt is gone.
func (m marks) ended(t *testing.T, id string, attempt int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.of(id, attempt), "pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "its process is still there")
}

const marksManifest = `name: "@test/marks"
version: "1.0.0"
operators: [mark, fragile, tell, chatter]
signalbox:
  operators:
    mark: {command: [sh, mark.sh], retries: 9, inputs: &inputs {type: object, properties: {seconds: {type: number, default: 0}}}}
    fragile: {command: [sh, mark.sh], inputs: *inputs}
    tell: {command: [sh, mark.sh, tell], retries: 9, inputs: *inputs}
    chatter: {command: [sh, mark.sh, chatter], retries: 9, inputs: *inputs}
`

const marksScript = `me=$SIGNALBOX_RUN_ID.$SIGNALBOX_ATTEMPT
mkdir "$MARKS/$me" || { : > "$MARKS/twice.$me"; exit 99; }
echo $$ > "$MARKS/$me/pid"
for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i"; done
if [ "$1" = chatter ]; then
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do head -c 262144 /dev/zero | tr '\0' .; echo; done
fi
if [ -n "$1" ]; then
	signalbox report progress 0.5 halfway
	{ printf '{"text":"'; head -c 100000 /dev/zero | tr '\0' x; printf '"}'; } > "$SIGNALBOX_RESULT"
fi
sleep "$(sed 's/.*"seconds":\([0-9.]*\).*/\1/' "$SIGNALBOX_CONTEXT")"
for i in 11 12 13 14 15 16 17 18 19 20; do echo "line $i"; done
`

// marksPlugin is the plugin's archive.
func marksPlugin(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range []struct{ name, text string }{{"fiftyone.yml", marksManifest}, {"mark.sh", marksScript}} {
		f, err := w.Create(file.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(file.text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// installMarks installs the marks plugin, again as long as there is no answer.
func (w *world) installMarks() {
	w.t.Helper()
	archive := marksPlugin(w.t)
	require.NoError(w.t, insist(w.t.Context(), func() error {
		_, err := w.client.Plugins.Install(w.t.Context(), bytes.NewReader(archive), client.Install{Overwrite: true})
		return err
	}))
}

var markLine = regexp.MustCompile(`(?m)line (\d+)$`)

// completed demands that a run of the marks plugin completed and that its kept log has all of its last attempt's lines.
func (w *world) completed(id string) client.Run {
	w.t.Helper()
	run := w.over(id)
	require.Equal(w.t, sb.Completed, run.Status, "run %s: %+v", id, run.Failure)
	require.DirExists(w.t, w.marks.of(id, run.Attempt))
	run = w.await(id, "logged", func(r client.Run) bool { return r.Log != nil })
	text := w.log(id)
	found := markLine.FindAllStringSubmatch(text, -1)
	require.GreaterOrEqual(w.t, len(found), linesOfMark, "lines are missing in the log of run %s:\n%s", id, text)
	for i, line := range found[len(found)-linesOfMark:] {
		require.Equal(w.t, strconv.Itoa(i+1), line[1], "the log of run %s:\n%s", id, text)
	}
	return run
}

// nothingHeld demands that no work goes on and no slot is held.
func (w *world) nothingHeld() {
	w.t.Helper()
	page, err := w.client.Orchestrators.Work(w.t.Context(), "builtin", client.Paging{})
	require.NoError(w.t, err)
	require.Empty(w.t, page.Items, "slots are left over")
}
