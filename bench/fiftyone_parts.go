package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"signalbox/client"
)

// unforking is a Python with FiftyOne that does not serve forks, so that each run imports FiftyOne.
const unforking = `#!/bin/sh
[ "$3" = serve ] && exit 1
exec %s "$@"
`

// oneShot measures how soon operators begin that import FiftyOne themselves, in turns with the bare import.
func (v *vision) oneShot(ctx context.Context) error {
	python := filepath.Join(v.dir, "python")
	if err := os.WriteFile(python, fmt.Appendf(nil, unforking, v.f.Python()), 0o700); err != nil {
		return err
	}
	d, err := dev(ctx, v.settings, "one-shot", "SIGNALBOX_PYTHON="+python)
	if err != nil {
		return err
	}
	defer d.stop()
	if err := v.register(ctx, d); err != nil {
		return err
	}
	n := v.some(10)
	v.say("%d runs that import FiftyOne, in turns with the bare import", n)
	var ours, bare times
	for range n {
		one, _, err := d.began(ctx, 1)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := exec.CommandContext(ctx, v.f.Python(), "-c", "import fiftyone").Run(); err != nil {
			return err
		}
		ours, bare = append(ours, one...), append(bare, time.Since(began))
	}
	forked := &v.out.rows[0] // a ratio says something on a busy machine, too
	forked.measured += fmt.Sprintf(" (%.2f × bare import)", ratio(v.forked, bare.p50()))
	most := bare.p50() * 13 / 10
	v.out.rows = append(
		v.out.rows,
		row{"the same, one-shot, p50", "≤ 1.3 × bare import = " + short(most), fmt.Sprintf("%s (%.2f × bare)", short(ours.p50()), ratio(ours.p50(), bare.p50())), met(ours.p50() <= most)},
	)
	return nil
}

// forming asks an operator for its form, again and again.
func (v *vision) forming(ctx context.Context) error {
	n := v.some(100)
	v.say("%d forms", 2*n)
	var without, with times
	first, err := v.form(ctx, "")
	for i := 0; i < n && err == nil; i++ {
		for dataset, took := range map[string]*times{"": &without, "toys": &with} {
			var one time.Duration
			if one, err = v.form(ctx, dataset); err != nil {
				break
			}
			*took = append(*took, one)
		}
	}
	v.out.rows = append(
		v.out.rows,
		atMost("form, p50", without.p50(), 150*time.Millisecond),
		atMost("form on a dataset, p50", with.p50(), 150*time.Millisecond),
		row{"form, the first", "", short(first), nil},
	)
	v.out.details = append(v.out.details, table{"Forms", []string{"what", "measured"}, [][]string{
		{"without a dataset", without.String()}, {"on a dataset", with.String()},
	}})
	return err
}

// form asks for a form, and gives how long that took.
func (s *site) form(ctx context.Context, dataset string) (time.Duration, error) {
	began := time.Now()
	form, err := s.api.Operators.Form(ctx, hello, client.FormAsk{Dataset: dataset})
	if err == nil && form.Failure != nil {
		err = errors.New(form.Failure.Message)
	}
	return time.Since(began), err
}

// take switches intake on or off.
func (v *vision) take(ctx context.Context, on bool) error {
	_, err := v.api.Sources.Patch(ctx, "vision", client.SourcePatch{Intake: &on})
	return err
}

// queueing measures how soon what is queued in MongoDB is a run here.
func (v *vision) queueing(ctx context.Context) error {
	if err := v.take(ctx, true); err != nil {
		return err
	}
	n := v.some(100)
	v.say("%d operations, one after the other", n)
	var took times
	for i := range n + 3 { // the first ones warm it up
		label := fmt.Sprintf("one-%d", i)
		began := time.Now()
		if err := v.queue.Put(ctx, 1, label); err != nil {
			return err
		}
		var run client.Run
		err := until(ctx, label, func() (bool, error) {
			page, err := v.api.Runs.List(ctx, client.RunFilter{Operator: hello, Paging: client.Paging{Limit: 1}})
			if err != nil || len(page.Items) == 0 || page.Items[0].Label != label {
				return false, err
			}
			run = page.Items[0]
			return true, nil
		})
		if err == nil {
			run, err = v.finished(ctx, run.ID)
		}
		if err != nil {
			return err
		}
		if i >= 3 {
			took = append(took, run.ScheduledAt.Sub(began))
		}
	}
	v.out.rows = append(v.out.rows, atMost("queued in MongoDB → Scheduled here, p50", took.p50(), 100*time.Millisecond))
	v.out.details = append(v.out.details, table{"Intake", []string{"what", "measured"}, [][]string{{"queued in MongoDB → Scheduled here", took.String()}}})
	return nil
}
