package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// launching measures how long many small operations take here and by FiftyOne's own launcher, in turns.
func (v *vision) launching(ctx context.Context) error {
	many, rounds, isolated := 100, 2, 20
	if v.quick {
		many, rounds, isolated = 20, 1, 5
	}
	var ours, theirs times
	for range rounds {
		one, err := v.byUs(ctx, many)
		if err != nil {
			return err
		}
		other, err := v.byLauncher(ctx, many)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, one), append(theirs, other)
	}
	apart, err := v.byLauncher(ctx, isolated, "-m", "--monitor-interval", "1")
	if err != nil {
		return err
	}
	each := func(d time.Duration, n int) string {
		return fmt.Sprintf("%s, %s each", short(d), short(d/time.Duration(n)))
	}
	us := ours.p50()
	apart = apart * time.Duration(many) / time.Duration(isolated)
	v.out.rows = append(
		v.out.rows,
		row{fmt.Sprintf("%d small operations, against FiftyOne's launcher", many), "≤ 1 ×", fmt.Sprintf("%.2f ×", ratio(us, theirs.p50())), met(us <= theirs.p50())},
		row{"the same, against the launcher with `-m`", "≤ 0.25 ×", fmt.Sprintf("%.2f ×", ratio(us, apart)), met(4*us <= apart)},
	)
	v.out.details = append(v.out.details, table{fmt.Sprintf("%d small operations", many), []string{"by whom", "p50"}, [][]string{
		{"Signalbox", each(us, many)},
		{"`fiftyone delegated launch`", each(theirs.p50(), many)},
		{fmt.Sprintf("`fiftyone delegated launch -m`, from %d once", isolated), each(apart, many)},
	}})
	return nil
}

// byUs lets operations be carried out here.
func (v *vision) byUs(ctx context.Context, n int) (time.Duration, error) {
	if err := v.take(ctx, true); err != nil {
		return 0, err
	}
	if _, err := v.completed(ctx, 1); err != nil { // it is wide awake
		return 0, err
	}
	v.say("%d operations by Signalbox", n)
	took, err := v.completed(ctx, n)
	if err != nil {
		return 0, err
	}
	return took, v.take(ctx, false)
}

// byLauncher lets operations be carried out by FiftyOne's own launcher, which is there when they are queued.
func (v *vision) byLauncher(ctx context.Context, n int, args ...string) (time.Duration, error) {
	p, err := launch(v.f.Launcher(ctx, args...), filepath.Join(v.dir, "launcher.out"))
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if _, err := v.completed(ctx, 1); err != nil { // it has started
		return 0, err
	}
	v.say("%d operations by FiftyOne's launcher %v", n, args)
	return v.completed(ctx, n)
}

// completed queues operations and waits until MongoDB shows all of them as completed.
func (v *vision) completed(ctx context.Context, n int) (time.Duration, error) {
	if err := v.queue.Clear(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := v.queue.Put(ctx, n, "one of many"); err != nil {
		return 0, err
	}
	failed := 0
	err := until(ctx, "operations", func() (bool, error) {
		completed, broken, err := v.queue.Over(ctx)
		failed = broken
		return completed+broken == n, err
	})
	took := time.Since(began)
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d operations failed", failed, n)
	}
	return took, err
}
