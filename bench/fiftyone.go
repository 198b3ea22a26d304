package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/adapters/pythontest"
	"signalbox/client"
)

// Operators of the plugin that comes with a real FiftyOne.
const (
	hello  = "@acme/hello/hello"  // has a form, prints, tells its progress, returns a word
	moment = "@acme/hello/moment" // returns when it began, and may rest then
)

// vision is a Signalbox beside a real FiftyOne with a dataset of 100 samples, which it has as a source.
type vision struct {
	*site
	f     *realtest.Instance
	queue *realtest.Queue // of hello
	out   *section

	forked time.Duration // from the acceptance of a run to its operator's code
}

// fiftyOne measures operators of a real FiftyOne, beside the launcher that FiftyOne has itself.
func fiftyOne(ctx context.Context, s settings) (section, error) {
	out := section{
		title: "FiftyOne",
		text: "`signalbox dev` on SQLite with FiftyOne " + realtest.Version + " and its MongoDB, a replica set of one, from PyPI; a dataset of 100 samples. Runs follow one\n" +
			"another; an operator tells itself when it began. One-shot is a worker that cannot fork, so that each run imports FiftyOne; bare is\n" +
			"`python -c 'import fiftyone'`, in turns with it. A form is a process that is forked, loads the plugin, answers and ends.\n" +
			"`fiftyone delegated launch` waits, as we do, when 100 operations are queued in MongoDB at once that print a line, tell their progress\n" +
			"twice and return a word; the time ends when MongoDB shows the last as completed. With `-m` it has a process for each, as we do.\n" +
			"Memory is Pss, in which what processes share is divided among them; private is what a process shares with no other.",
	}
	f, err := realtest.Open(ctx, realtest.Settings{Folder: s.dir, Members: 1, Log: s.say})
	if errors.As(err, new(*pythontest.NotInstallable)) {
		out.rows = []row{{"operators of FiftyOne", "", "not measured: " + err.Error(), nil}}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	defer f.Close()
	if _, err := f.Run(ctx, toys); err != nil {
		return out, err
	}
	v := &vision{f: f, out: &out}
	if v.queue, err = f.Queue(ctx); err != nil {
		return out, err
	}
	defer v.queue.Close(ctx)
	v.site, err = dev(ctx, s, "forking", "SIGNALBOX_PYTHON="+f.Python())
	if err != nil {
		return out, err
	}
	defer v.stop()
	if err = v.register(ctx, v.site); err == nil {
		err = v.measure(ctx)
	}
	return out, err
}

// measure measures one thing after the other.
func (v *vision) measure(ctx context.Context) error {
	for _, part := range []func(context.Context) error{v.starting, v.oneShot, v.forming, v.queueing, v.holding, v.launching} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// some is how often something short is measured.
func (v *vision) some(n int) int {
	if v.quick {
		return max(n/10, 3)
	}
	return n
}

// toys makes the dataset and queues an operation as an App does.
const toys = `
import asyncio
import fiftyone as fo
from fiftyone.operators.executor import execute_or_delegate_operator
toys = fo.Dataset("toys", persistent=True)
toys.add_samples([fo.Sample(filepath=f"/toys/{i}.png", tags=["odd"] if i % 2 else ["even"]) for i in range(100)])
asked = {"operator_uri": "@acme/hello/hello", "dataset_name": "toys", "params": {"name": "Ann"}, "request_delegation": True}
asyncio.run(execute_or_delegate_operator("@acme/hello/hello", asked))
`

// register lets a Signalbox have the database and the plugin, and waits for the dataset.
func (v *vision) register(ctx context.Context, s *site) error {
	uri := filepath.Join(s.dir, "uri")
	if err := os.WriteFile(uri, []byte(v.f.URI()), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"plugins", "install", filepath.Join(v.f.Plugins(), "hello")},
		{"service-accounts", "create", "app", "--role", "member"},
		{"sources", "add", "vision", "--uri-file", uri, "--principal", "app", "--default-access", "edit"},
	} {
		if said, err := s.command(ctx, append(args, "--url", s.url)...).CombinedOutput(); err != nil {
			return fmt.Errorf("signalbox %s: %w: %s", args[0], err, said)
		}
	}
	return until(ctx, "the dataset to appear", func() (bool, error) {
		_, err := s.api.Datasets.Get(ctx, "toys")
		if sb.CodeOf(err) == sb.NotFound {
			return false, nil
		}
		return err == nil, err
	})
}

// until asks every few milliseconds whether something is so.
func until(ctx context.Context, what string, is func() (bool, error)) error {
	for {
		if so, err := is(); so || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// finished waits for the end of a run, which is to be a good one.
func (s *site) finished(ctx context.Context, id string) (run client.Run, err error) {
	err = until(ctx, "run "+id, func() (bool, error) {
		run, err = s.api.Runs.Get(ctx, id)
		return err == nil && run.Status.Terminal(), err
	})
	if err == nil && run.Status != sb.Completed {
		err = fmt.Errorf("run %s failed: %s", id, run.Failure.Message)
	}
	return run, err
}

// began carries out runs on the dataset, one after the other, and gives how long after each was accepted its operator began.
func (s *site) began(ctx context.Context, n int) (took times, ids []string, err error) {
	for range n {
		run, err := s.api.Runs.Schedule(ctx, client.Draft{Operator: moment, Dataset: "toys"})
		if err == nil {
			run, err = s.finished(ctx, run.ID)
		}
		var said struct{ Began float64 }
		if err == nil {
			err = json.Unmarshal(run.Result, &said)
		}
		if err != nil {
			return took, ids, err
		}
		took = append(took, time.UnixMicro(int64(said.Began*1e6)).Sub(run.ScheduledAt))
		ids = append(ids, run.ID)
	}
	return took, ids, nil
}

// starting measures how soon operators begin that are forked.
func (v *vision) starting(ctx context.Context) error {
	if _, _, err := v.began(ctx, 3); err != nil {
		return err
	}
	n := v.some(100)
	v.say("%d runs, one after the other", n)
	took, ids, err := v.began(ctx, n)
	if err != nil {
		return err
	}
	_, steps, err := stepsOf(ctx, v.site, ids)
	steps.title = "The way of an operator of FiftyOne, since it was accepted"
	steps.rows = append(steps.rows, []string{"its code begins", short(took.p50()), short(took.p99())})
	v.forked = took.p50()
	v.out.rows = append(v.out.rows, atMost("accepted → operator's code, forked, p50", took.p50(), 200*time.Millisecond))
	v.out.details = append(v.out.details, steps)
	return err
}
