package executors

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// meeting is a worker whose FiftyOne is a shell script, and a question what it makes of a plugin.
func (w *world) meeting(t *testing.T, script string) sb.FormQuestion {
	t.Helper()
	q := w.resolving(t, script)
	return sb.FormQuestion{ID: "01MEETS", Tell: true, WithinSeconds: q.WithinSeconds, Plugin: q.Plugin, Secrets: q.Secrets}
}

func TestAWorkerTellsWhatItMakesOfAPlugin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		want   sb.Offer
	}{
		"its Python tells it": {
			`test "$PWD $1 $2 $3 $4" = "/ -m signalbox.fiftyone meet --folder" && cat "$5/hello.txt" && test -z "$FIFTYONE_DATABASE_URI" || exit 3
echo '{"environment":{"fiftyone":"1.22.1","operators":[{"name":"embed"}],"errors":["no torch for '$API_KEY'"]}}' > "$SIGNALBOX_RESULT"`,
			sb.Offer{FiftyOne: "1.22.1", Operators: []sb.OfferedOperator{{Name: "embed"}}, Errors: []string{"no torch for ***"}},
		},
		"its process fails": {
			"echo no module planted-key >&2; exit 3",
			sb.Offer{Errors: []string{"no module ***\n\nThe plugin could not be loaded: its process ended with exit status 3."}},
		},
		"its process crashes": {
			"kill -SEGV $$", sb.Offer{Errors: []string{"The plugin could not be loaded: its process ended with killed by signal: segmentation fault."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "")
			q := w.meeting(t, c.script)
			got := w.work(t, WorkerSettings{Drain: -1}).asked(t, q)
			require.Equal(t, &c.want, got.Environment)
			require.Equal(t, sb.Form{}, got.Form)
		})
	}
}

func TestAPluginThatTakesTooLongToBeLoadedIsToldSo(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	q := w.meeting(t, `test "$3" = meet && sleep 1000`)
	q.WithinSeconds = 0.2
	got := w.work(t, WorkerSettings{Drain: -1}).asked(t, q)
	require.Equal(t, []string{"The plugin could not be loaded within 200ms."}, got.Environment.Errors)
}

func TestWhatHindersAWorkerIsNotToldOfThePlugin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		change func(*sb.FormQuestion)
	}{
		"the archive cannot be fetched": {"kill -9 $$", func(q *sb.FormQuestion) { q.ID = "01GONE" }}, // but where the form has fetched it
		"it is killed, as for memory":   {"kill -9 $$", func(*sb.FormQuestion) {}},
		"it tells nothing":              {`echo '{"label":"form"}' > "$SIGNALBOX_RESULT"`, func(*sb.FormQuestion) {}},
		"what it tells is none":         {`echo '{"environment":1}' > "$SIGNALBOX_RESULT"`, func(*sb.FormQuestion) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "")
			w.gone = "01GONE"
			q := w.meeting(t, `test "$3" = form && echo '{"label":"form"}' > "$SIGNALBOX_RESULT" && exit; `+c.script)
			form := q
			c.change(&q)
			form.ID, form.Tell, form.Operator, form.Params = "01FORM", false, "@acme/tools/embed", json.RawMessage(`{}`)
			r := w.work(t, WorkerSettings{Drain: -1})
			for range 2 * resolvers { // or none of them is free for the next
				r.questions <- &q
			}
			require.Equal(t, "form", r.form(t, form).Label)
		})
	}
}

func TestAWorkerSaysThatItTellsOfPlugins(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	w.resolving(t, "")
	r := w.work(t, WorkerSettings{Drain: -1})
	for range resolvers {
		r.hears(t, "forms")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Equal(t, "h/default", w.meeter)
}
