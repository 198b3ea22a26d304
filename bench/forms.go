package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox/adapters/fiftyone/realtest"
	"signalbox/adapters/pythontest"
	"signalbox/client"
)

// forming asks an operator in a real FiftyOne for its form, again and again.
func forming(ctx context.Context, s settings) (section, error) {
	out := section{
		title: "Forms",
		text: "`signalbox dev` whose worker has FiftyOne " + realtest.Version + " from PyPI. An operator with two fields is asked for its form without a dataset, one question\n" +
			"after the other. Each is a process that is forked, loads the plugin, answers and ends.",
	}
	python, err := realtest.Install(ctx, s.say)
	if errors.As(err, new(*pythontest.NotInstallable)) {
		out.rows = []row{{"form, p50", "≤ 150 ms", "not measured: " + err.Error(), nil}}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	d, err := dev(ctx, s, "forms", "SIGNALBOX_PYTHON="+python)
	if err != nil {
		return out, err
	}
	defer d.stop()
	if said, err := d.command(ctx, "plugins", "install", "sdk/python/testdata/kinds", "--url", d.url).CombinedOutput(); err != nil {
		return out, fmt.Errorf("the plugin cannot be installed: %s", said)
	}
	n := 200
	if s.quick {
		n = 20
	}
	first, err := d.form(ctx)
	if err != nil { // FiftyOne was being imported
		first, err = d.form(ctx)
	}
	var took times
	for i := 0; i < n && err == nil; i++ {
		var one time.Duration
		one, err = d.form(ctx)
		took = append(took, one)
	}
	out.rows = []row{atMost("form, p50", took.p50(), 150*time.Millisecond), {"the first", "", short(first), nil}}
	out.details = []table{{"Distribution", []string{"what", "measured"}, [][]string{{"form", took.String()}}}}
	return out, err
}

// form asks for a form, and gives how long that took.
func (s *site) form(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	form, err := s.api.Operators.Form(ctx, "@tests/kinds/plain", client.FormAsk{})
	if err == nil && form.Failure != nil {
		err = errors.New(form.Failure.Message)
	}
	return time.Since(began), err
}
