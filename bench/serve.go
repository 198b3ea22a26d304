package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// serving looks at a control plane that has nothing to do.
func serving(ctx context.Context, s settings) (section, error) {
	database := "SQLite"
	url := ""
	if p, err := startPostgres(ctx, filepath.Join(s.dir, "postgres")); err == nil {
		defer p.stop()
		database, url = "Postgres", p.url
	}
	c, err := cluster(ctx, s, url)
	if err != nil {
		return section{}, err
	}
	defer c.stop()
	starts, idle := 5, 30*time.Second
	if s.quick {
		starts, idle = 2, 5*time.Second
	}
	var took times
	for range starts {
		c.site.stop()
		began := time.Now()
		if err := c.site.start(ctx, "serve"); err != nil {
			return section{}, err
		}
		took = append(took, time.Since(began))
	}
	s.say("idle for %s", idle)
	select {
	case <-time.After(idle):
	case <-ctx.Done():
		return section{}, ctx.Err()
	}
	memory := c.status("RssAnon")
	return section{
		title: "A control plane alone",
		text: fmt.Sprintf("`signalbox serve` on %s with Temporal in another process. Ready is `/readyz` answering 200, counted from the start of the process;\n"+
			"the slowest of %d starts counts. Memory is RssAnon after %s without a request.", database, starts, idle),
		rows: []row{
			{"idle memory", "≤ 60 MiB", mib(memory), met(memory <= 60<<20)},
			atMost("start → ready", took.at(1), 2*time.Second),
			{"resident with code and files", "", mib(c.status("VmRSS")), nil},
		},
	}, nil
}

// leaks sends many runs through one process, and counts what is left.
func leaks(ctx context.Context, s settings) (section, error) {
	d, err := dev(ctx, s, "dev", roomy)
	if err != nil {
		return section{}, err
	}
	defer d.stop()
	if err := d.quota(ctx, slot); err != nil {
		return section{}, err
	}
	if err := through(ctx, d, min(s.runs, 200)); err != nil { // pools and caches fill
		return section{}, err
	}
	before, err := d.settled(ctx, s.quick)
	if err != nil {
		return section{}, err
	}
	const steps = 5
	details := [][]string{before.cells(0)}
	after := before
	for i := range steps {
		s.say("%d of %d runs", i*s.runs/steps, s.runs)
		if err := through(ctx, d, s.runs/steps); err != nil {
			return section{}, err
		}
		if after, err = d.settled(ctx, s.quick); err != nil {
			return section{}, err
		}
		details = append(details, after.cells((i+1)*s.runs/steps))
	}
	const spare = 20 // connections of Temporal's and our pools come and go
	return section{
		title: fmt.Sprintf("Leaks over %d runs", s.runs),
		text:  "`signalbox dev` with everything in one process: counts when no run is open, before and after.",
		rows: []row{
			{"goroutines more", fmt.Sprintf("≤ %d", spare), fmt.Sprint(after.goroutines - before.goroutines), met(after.goroutines-before.goroutines <= spare)},
			{"file descriptors more", fmt.Sprintf("≤ %d", spare), fmt.Sprint(after.files - before.files), met(after.files-before.files <= spare)},
		},
		details: []table{{"On the way", []string{"runs", "goroutines", "file descriptors", "RssAnon"}, details}},
	}, nil
}

// through sends runs through the process, and waits for the last.
func through(ctx context.Context, d *site, n int) error {
	const atOnce = 500
	for ; n > 0; n -= atOnce {
		if err := schedule(ctx, d, min(n, atOnce)); err != nil {
			return err
		}
		if err := d.calm(ctx); err != nil {
			return err
		}
	}
	return nil
}

// held is what a process holds.
type held struct {
	goroutines, files int
	memory            int64
}

func (h held) cells(runs int) []string {
	return []string{fmt.Sprint(runs), fmt.Sprint(h.goroutines), fmt.Sprint(h.files), mib(h.memory)}
}

// settled looks at the least that the process holds within some seconds of rest.
func (s *site) settled(ctx context.Context, quick bool) (least held, err error) {
	looks := 20
	if quick {
		looks = 4
	}
	s.http.CloseIdleConnections()
	for range looks {
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return least, ctx.Err()
		}
		n, err := s.metric(ctx, "go_goroutines")
		if err != nil {
			return least, err
		}
		now := held{int(n), s.descriptors(), s.status("RssAnon")}
		if least.files == 0 || now.goroutines+now.files < least.goroutines+least.files {
			least = now
		}
	}
	return least, nil
}
