package executors

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	sb "signalbox"
)

// resolvers is how many forms a worker resolves at once. Each is a process of its own.
const resolvers = 4

// pythonWait is how long a question waits for the plugin's packages.
const pythonWait = time.Second

// resolve answers what operators of the pool are asked for their forms, until the worker drains or ctx is done. One that
// meets also tells what plugins that are new offer here.
func (w *Worker) resolve(ctx context.Context, meets bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-w.closing:
			stop()
		case <-ctx.Done():
		}
	}()
	request := sb.FormsRequest{Pool: w.settings.Pool}
	if meets {
		request.Worker = w.settings.Name
	}
	for {
		if _, err := w.Open(ctx); err != nil {
			return
		}
		question, err := w.poll(ctx, request)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || refused(err): // an answer that is not taken is not wanted any more
			request.Answer = nil
		}
		if err != nil {
			w.rest(ctx, err)
		}
		if question != nil {
			request.Answer = w.runner.answer(ctx, w.settings.Name, *question)
		}
	}
}

// poll brings an answer and waits for the next question.
func (w *Worker) poll(ctx context.Context, r sb.FormsRequest) (question *sb.FormQuestion, err error) {
	err = once(ctx, sb.FormPoll+callMost, func(ctx context.Context) error {
		question, err = w.runner.API.Forms(ctx, r)
		return err
	})
	if sb.CodeOf(err) == sb.Unauthenticated {
		w.heard(err)
	}
	return question, err
}

// rest waits before the control plane is asked again that did not take an answer, or gave none.
func (w *Worker) rest(ctx context.Context, err error) {
	if sb.CodeOf(err) == sb.Conflict || sb.CodeOf(err) == sb.NotFound { // another resolver was faster, or it took too long
		return
	}
	select {
	case <-time.After(retryMost):
	case <-ctx.Done():
	}
}

// answer resolves the form that a question asks for, or tells what the plugin offers; nil when it is too late for that, or
// something of this worker hinders it.
func (r *Runner) answer(ctx context.Context, worker string, q sb.FormQuestion) *sb.FormAnswer {
	late := r.now().Add(time.Duration(q.WithinSeconds * float64(time.Second)))
	a := &asked{Runner: r, FormQuestion: q, mask: maskOf(sb.ClaimAnswer{Secrets: q.Secrets, FiftyOne: &q.FiftyOne})}
	folder, err := a.fetch(ctx) // also when it takes too long: the next question finds it there
	left := late.Sub(r.now())
	if left <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	said := sb.FormAnswer{}
	if err == nil {
		said, err = a.resolve(ctx, worker, folder)
	} else if q.Tell {
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		said = a.failed(err)
	}
	said.ID = q.ID
	return &said
}

// asked is an operator of the FiftyOne runtime that is asked for its form.
type asked struct {
	*Runner
	sb.FormQuestion
	mask  sb.Mask // of what it is given
	stack tail
}

// failed is the answer of an operator that gave no form, or of a plugin that could not be loaded.
func (a *asked) failed(err error) sb.FormAnswer {
	text, stack := a.mask.Text(message(err)), a.stack.String()
	if a.Tell {
		return sb.FormAnswer{Environment: &sb.Offer{Errors: []string{strings.TrimLeft(stack+"\n"+text, "\n")}}}
	}
	return sb.FormAnswer{Form: sb.Form{Failure: &sb.FormFailure{Message: text, Stack: stack}}}
}

func (a *asked) fetch(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, sb.FormKept)
	defer cancel()
	return a.cache.folder(ctx, a.Plugin, func(ctx context.Context, f *os.File) error { return a.API.FormPlugin(ctx, a.ID, f) })
}

// resolve asks the operator, or the plugin, in a process of its own.
func (a *asked) resolve(ctx context.Context, worker, folder string) (said sb.FormAnswer, err error) {
	if a.Python == "" {
		return said, sb.Errorf(sb.Invalid, "this worker has no FiftyOne: set SIGNALBOX_PYTHON there to a Python that has it")
	}
	python, release, err := a.python(ctx, folder)
	defer release()
	if err != nil {
		return said, err
	}
	in, err := a.newRoom(worker, "form-"+a.ID, operatorContext{
		Operator: a.Operator, Params: orNull(a.Params, "{}"), Dataset: a.Dataset, View: orNull(a.View, "null"), FiftyOne: fiftyOneOf(&a.FiftyOne),
	})
	defer func() { _ = os.RemoveAll(in.dir) }()
	if err != nil {
		return said, sb.Wrap(err, sb.Internal, "the worker could not make the work folder")
	}
	verb := "form"
	if a.Tell {
		verb = "meet"
	}
	end, err := a.execute(ctx, sb.Job{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: filepath.Base(in.dir)}, Source: worker}, Operator: a.Operator, Forks: ForksOf(python),
		Command: inFiftyOne(python, verb, folder), Dir: "/", Env: listed(a.environment(in, a.Secrets, &a.FiftyOne)),
	})
	if err != nil {
		return said, err
	}
	return a.read(in, end)
}

// python waits a little for a Python that has to be made first, and leaves the time to say so to who waits for a form.
func (a *asked) python(ctx context.Context, folder string) (string, func(), error) {
	if !a.Tell {
		waits, cancel := context.WithTimeout(ctx, pythonWait)
		defer cancel()
		ctx = waits
	}
	return a.pythonFor(ctx, folder)
}

// execute carries the process out and lets go of it.
func (a *asked) execute(ctx context.Context, job sb.Job) (sb.End, error) {
	executor := a.Executors[""]
	if w, ok := executor.(Witness); ok {
		defer w.Told(job.Process)
	}
	stderr := &lines{severity: sb.Warning, now: a.now, mask: a.mask, tail: &a.stack, out: func([]byte) {}}
	defer stderr.Flush()
	job.Stdout, job.Stderr = io.Discard, stderr
	return executor.Execute(ctx, job, func() {})
}

// read reads what the process has left, without what it was given in secret.
func (a *asked) read(in room, end sb.End) (said sb.FormAnswer, err error) {
	b, err := readResult(in.resultFile(), a.Owner)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.Tell:
		return said, sb.Errorf(sb.Invalid, "The plugin could not be loaded: its process ended with %s.", end)
	case errors.Is(err, fs.ErrNotExist):
		return said, sb.Errorf(sb.Invalid, "The operator gave no form: its process ended with %s.", end)
	case err != nil:
		return said, err
	case len(b) > sb.MaxForm:
		return said, sb.Errorf(sb.TooLarge, "The form has %d bytes; at most %d are shown.", len(b), sb.MaxForm)
	}
	if err := json.Unmarshal(a.mask.JSON(b), &said); err != nil {
		return said, sb.Wrap(err, sb.Internal, "The form cannot be read: %v", err)
	}
	return said, nil
}
