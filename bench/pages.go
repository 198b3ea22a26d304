package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	sb "signalbox"
	"signalbox/client"
)

// The promises of the pages.
const (
	firstPaint  = time.Second
	nextPaint   = 100 * time.Millisecond
	newRows     = 200 * time.Millisecond
	scriptMost  = 250_000
	browserMost = 200 << 20
)

// browsed is what web/speed has measured: milliseconds and bytes.
type browsed struct {
	First, Later       struct{ Runs, Run []float64 }
	Interactions, Rows []float64
	Script, Memory     float64
}

// browsing looks at the pages in Chromium, before a million runs and a large log.
func browsing(ctx context.Context, s settings) (section, error) {
	size := "1GB"
	if s.quick {
		size = "50MB"
	}
	out := section{
		title: "Pages",
		text: fmt.Sprintf("Debian's Chromium, headless, at `signalbox dev` on SQLite with %d runs and a log of %s, all on this machine. Paints\n"+
			"and interactions are measured with the browser's processor slowed 4 times; a first visit is that of a browser, started\n"+
			"for it, that has seen nothing but the login page. An interaction is a press of a key\n"+
			"or the mouse on the pages of runs, to the next paint. Memory is the PSS of the page's process while one scrolls through the log.", s.rows, size),
	}
	if _, err := os.Stat("web/node_modules/.bin/playwright"); err != nil {
		out.rows = []row{{"pages", "", "not measured: the packages of web are not installed", nil}}
		return out, nil
	}
	d, err := filled(ctx, s)
	if err != nil {
		return out, err
	}
	defer d.stop()
	s.say("a log of %s", size)
	run, err := d.logOf(ctx, size)
	if err != nil {
		return out, err
	}
	s.say("looking at the pages")
	found, err := d.browse(ctx, run)
	if err != nil {
		return out, err
	}
	interactions, rows := timesOf(found.Interactions), timesOf(found.Rows)
	out.rows = []row{
		atMost("largest contentful paint of the runs, later visits, p50", timesOf(found.Later.Runs).p50(), firstPaint),
		atMost("largest contentful paint of a run, later visits, p50", timesOf(found.Later.Run).p50(), firstPaint),
		atMost("the same of the runs, first visits, p50", timesOf(found.First.Runs).p50(), firstPaint),
		atMost("the same of a run, first visits, p50", timesOf(found.First.Run).p50(), firstPaint),
		atMost("interaction, p98", interactions.at(0.98), nextPaint),
		atMost("sort or filter → new rows, p50", rows.p50(), newRows),
		atMost("sort or filter → new rows, the slowest", rows.at(1), newRows),
		{"script of the first page, compressed", "≤ 250 kB", fmt.Sprintf("%.0f kB", found.Script/1000), met(found.Script <= scriptMost)},
		{"memory of the page with the log", "≤ 200 MiB", mib(int64(found.Memory)), met(found.Memory <= browserMost)},
	}
	out.details = []table{{"Distribution", []string{"what", "measured"}, [][]string{
		{"paint of the runs, later visits", timesOf(found.Later.Runs).String()},
		{"paint of a run, later visits", timesOf(found.Later.Run).String()},
		{"paint of the runs, first visits", timesOf(found.First.Runs).String()},
		{"paint of a run, first visits", timesOf(found.First.Run).String()},
		{"interactions", interactions.String()},
		{"new rows", rows.String()},
	}}}
	return out, nil
}

// filled starts a site before a table of many runs, with people who may log in by a press.
func filled(ctx context.Context, s settings) (*site, error) {
	d, err := plan(s, "pages")
	if err != nil {
		return nil, err
	}
	if said, err := d.command(ctx, "migrate").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w: %s", err, said)
	}
	s.say("making %d rows", s.rows)
	if _, err := prepared(ctx, s, "", filepath.Join(d.dir, "signalbox.db")); err != nil {
		return nil, err
	}
	return dev(ctx, s, "pages", "SIGNALBOX_DEMO=1")
}

// logOf has a run write a log.
func (s *site) logOf(ctx context.Context, size string) (string, error) {
	params, err := json.Marshal(map[string]any{"size": size, "message": "measuring image 42 of the night shift"})
	if err != nil {
		return "", err
	}
	run, err := s.api.Runs.Schedule(ctx, client.Draft{Operator: "@signalbox/dummy/log", Params: params})
	for err == nil && !run.Status.Terminal() {
		select {
		case <-time.After(100 * time.Millisecond):
			run, err = s.api.Runs.Get(ctx, run.ID)
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err == nil && run.Status != sb.Completed {
		err = fmt.Errorf("the run that logs is %s", run.Status)
	}
	return run.ID, err
}

// browse has the pages looked at in a browser.
func (s *site) browse(ctx context.Context, run string) (found browsed, err error) {
	file := filepath.Join(s.dir, "speed.json")
	cmd := exec.CommandContext(ctx, "node_modules/.bin/playwright", "test", "--config", "speed.config.ts")
	cmd.Dir = "web"
	cmd.Env = append(os.Environ(), "SIGNALBOX_SPEED_URL="+s.url, "SIGNALBOX_SPEED_RUN="+run, "SIGNALBOX_SPEED_OUT="+file)
	if said, err := cmd.CombinedOutput(); err != nil {
		return found, errors.Join(err, errors.New(string(said)))
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	return found, err
}

func timesOf(milliseconds []float64) (t times) {
	for _, ms := range milliseconds {
		t = append(t, time.Duration(ms*float64(time.Millisecond)))
	}
	return t
}
