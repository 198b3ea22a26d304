package executors

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// resolving is a worker whose FiftyOne is a shell script, and a question to it.
func (w *world) resolving(t *testing.T, script string) sb.FormQuestion {
	t.Helper()
	w.runner.Python = filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(w.runner.Python, []byte("#!/bin/sh\n"+script), 0o700))
	w.questions = make(chan *sb.FormQuestion, 9)
	return sb.FormQuestion{
		ID: "01QUESTION", WithinSeconds: patience.Seconds(), Operator: "@acme/tools/embed", Params: json.RawMessage(`{"n":1}`), Plugin: w.answer.Plugin,
		Secrets: map[string]string{"API_KEY": "planted-key"}, Dataset: &sb.ClaimDataset{ID: "D", Name: "cats"},
		FiftyOne: sb.ClaimFiftyOne{DatabaseURI: "mongodb://planted", DatabaseName: "fiftyone", DatasetID: "65a0"},
	}
}

// form gives the form that answers a question.
func (r *running) form(t *testing.T, q sb.FormQuestion) sb.Form {
	t.Helper()
	return r.asked(t, q).Form
}

// asked gives the answer to a question.
func (r *running) asked(t *testing.T, q sb.FormQuestion) sb.FormAnswer {
	t.Helper()
	r.questions <- &q
	for {
		r.hears(t, "forms")
		r.plane.mu.Lock()
		answers := r.answers
		r.plane.mu.Unlock()
		if len(answers) > 0 {
			require.Equal(t, q.ID, answers[0].ID)
			return answers[0]
		}
	}
}

func TestAWorkerResolvesForms(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	q := w.resolving(t, `
test "$PWD $1 $2 $3 $4" = "/ -m signalbox.fiftyone form --folder" && cat "$5/hello.txt" && test -z "$SIGNALBOX_TOKEN$SIGNALBOX_URL$SIGNALBOX_RUN_ID" || exit 3
printf '{"schema":{"type":"object"},"label":"%s %s","inputs":%s}' "$API_KEY" "$FIFTYONE_DATABASE_URI $FIFTYONE_DATABASE_NAME" "$(cat $SIGNALBOX_CONTEXT)" > "$SIGNALBOX_RESULT"
`)
	form := w.work(t, WorkerSettings{Drain: -1}).form(t, q)
	left, err := os.ReadDir(w.runner.runs("h/default"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.Nil(t, form.Failure)
	require.JSONEq(t, `{"type":"object"}`, string(form.Schema))
	require.Equal(t, "*** *** fiftyone", form.Label, "it had them, and does not tell")
	require.JSONEq(t, `{"operator":"@acme/tools/embed","params":{"n":1},"dataset":{"id":"D","name":"cats"},"view":null,"fiftyone":{"dataset_id":"65a0"}}`,
		string(form.Inputs))
}

func TestAnOperatorThatGivesNoForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, message, stack string }{
		"its process fails": {"echo no module planted-key >&2; exit 3", "The operator gave no form: its process ended with exit status 3.", "no module ***"},
		"it is killed":      {"kill -9 $$", "The operator gave no form: its process ended with killed by signal: killed.", ""},
		"it is no JSON":     {`echo no > "$SIGNALBOX_RESULT"`, "The result is not JSON.", ""},
		"it is too large":   {`head -c 5000000 /dev/zero | tr '\0' 1 > "$SIGNALBOX_RESULT"`, "The form has 5000000 bytes", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "")
			q := w.resolving(t, c.script)
			form := w.work(t, WorkerSettings{Drain: -1}).form(t, q)
			require.NotNil(t, form.Failure)
			require.Contains(t, form.Failure.Message, c.message)
			require.Contains(t, form.Failure.Stack, c.stack)
		})
	}
}

func TestAFormThatTakesTooLongIsEndedAndNotTold(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	slow := w.resolving(t, `grep -q '"n":1' "$SIGNALBOX_CONTEXT" && sleep 1000; echo '{"label":"fast"}' > "$SIGNALBOX_RESULT"`)
	fast := slow
	slow.WithinSeconds, fast.ID, fast.Params = 0.2, "01SECOND", json.RawMessage(`{}`)
	r := w.work(t, WorkerSettings{Drain: -1})
	for range 2 * resolvers { // or none of them is free for the next
		r.questions <- &slow
	}
	require.Equal(t, "fast", r.form(t, fast).Label)
}

func TestAnAnswerThatIsNotHeardIsSentAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	q := w.resolving(t, `echo '{"label":"one"}' > "$SIGNALBOX_RESULT"`)
	var failed atomic.Bool
	w.fail = func(_ context.Context, call string) error {
		if call == "forms" && len(w.questions) == 0 && !failed.Swap(true) {
			return errAway
		}
		return nil
	}
	require.Equal(t, "one", w.work(t, WorkerSettings{Drain: -1}).form(t, q).Label)
}

func TestAWorkerWithoutFiftyOneIsNotAsked(t *testing.T) {
	t.Parallel()
	w := setup(t, "").scripted("hang", "{}")
	r := w.work(t, WorkerSettings{Drain: -1})
	r.hears(t, "workers")
	r.Drain()
	require.NoError(t, <-r.ended)
	require.Zero(t, w.called("forms"))
}
