package executors

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

// answer resolves the form that a question asks for, or tells what the plugin offers; nil when it is too late for that.
func (r *Runner) answer(ctx context.Context, worker string, q sb.FormQuestion) *sb.FormAnswer {
	within := time.Duration(q.WithinSeconds * float64(time.Second))
	late := r.now().Add(within)
	a := &asked{Runner: r, FormQuestion: q, worker: worker, mask: maskOf(sb.ClaimAnswer{Secrets: q.Secrets, FiftyOne: &q.FiftyOne})}
	if q.Tell {
		return a.meets(ctx, within)
	}
	folder, err := a.fetch(ctx, sb.FormKept) // also when it takes too long: the next question finds it there
	left := late.Sub(r.now())
	if left <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	form := sb.Form{}
	if err == nil {
		form, err = a.resolve(ctx, folder)
	}
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		form.Failure = &sb.FormFailure{Message: a.mask.Text(message(err)), Stack: a.stack.String()}
	}
	return &sb.FormAnswer{ID: q.ID, Form: form}
}

// asked is an operator of the FiftyOne runtime that is asked for its form, or a plugin that is asked what it offers.
type asked struct {
	*Runner
	sb.FormQuestion
	worker string
	mask   sb.Mask // of what it is given
	stack  tail
}

func (a *asked) fetch(ctx context.Context, most time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return a.cache.folder(ctx, a.Plugin, func(ctx context.Context, f *os.File) error { return a.API.FormPlugin(ctx, a.ID, f) })
}

// resolve asks the operator for its form in a process of its own.
func (a *asked) resolve(ctx context.Context, folder string) (form sb.Form, err error) {
	if a.Python == "" {
		return form, sb.Errorf(sb.Invalid, "this worker has no FiftyOne: set SIGNALBOX_PYTHON there to a Python that has it")
	}
	python, release, err := a.python(ctx, folder)
	defer release()
	if err != nil {
		return form, err
	}
	b, end, err := a.run(ctx, inFiftyOne(python, "form", folder), ForksOf(python))
	switch {
	case err != nil:
		return form, err
	case b == nil:
		return form, sb.Errorf(sb.Invalid, "The operator gave no form: its process ended with %s.", end)
	case len(b) > sb.MaxForm:
		return form, sb.Errorf(sb.TooLarge, "The form has %d bytes; at most %d are shown.", len(b), sb.MaxForm)
	}
	if err := json.Unmarshal(a.mask.JSON(b), &form); err != nil {
		return form, sb.Wrap(err, sb.Internal, "The form cannot be read: %v", err)
	}
	return form, nil
}

// run carries out a command of the FiftyOne runtime and reads what it has left, which is nil when it left nothing.
func (a *asked) run(ctx context.Context, command, forks []string) (result []byte, end sb.End, err error) {
	in, err := a.newRoom(a.worker, "form-"+a.ID, operatorContext{
		Operator: a.Operator, Params: orNull(a.Params, "{}"), Dataset: a.Dataset, View: orNull(a.View, "null"), FiftyOne: fiftyOneOf(&a.FiftyOne),
	})
	defer func() { _ = os.RemoveAll(in.dir) }()
	if err != nil {
		return nil, end, sb.Wrap(err, sb.Internal, "the worker could not make the work folder")
	}
	end, err = a.execute(ctx, sb.Job{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: filepath.Base(in.dir)}, Source: a.worker}, Operator: a.Operator, Forks: forks,
		Command: command, Dir: "/", Env: listed(a.environment(in, a.Secrets, &a.FiftyOne)),
	})
	if err != nil {
		return nil, end, err
	}
	result, err = readResult(in.resultFile(), a.Owner)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return result, end, err
}

// python waits a little for a Python that has to be made first, and leaves the time to say so.
func (a *asked) python(ctx context.Context, folder string) (string, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, pythonWait)
	defer cancel()
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
