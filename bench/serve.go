package main

import (
	"context"
	"fmt"
	"time"

	"signalbox/internal/postgrestest"
)

// serving looks at a control plane that has nothing to do.
func serving(ctx context.Context, s settings) (section, error) {
	database := "SQLite"
	url := ""
	if p, err := postgrestest.Start(ctx, roomyWAL); err == nil {
		defer p.Stop()
		database, url = "Postgres", p.URL("postgres")
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
	rest, pause := 100*time.Second, 5*time.Second // connections that nobody uses are kept for 90 s
	if s.quick {
		rest, pause = 5*time.Second, time.Second
	}
	if err := through(ctx, d, min(s.runs, atOnce)); err != nil { // pools and caches fill
		return section{}, err
	}
	before, err := d.settled(ctx, rest)
	if err != nil {
		return section{}, err
	}
	const steps = 5
	details := [][]string{append(before.cells(0), "", "")}
	after := before
	for i := range steps {
		s.say("%d of %d runs", i*s.runs/steps, s.runs)
		began, cpu, n := time.Now(), d.cpu(), (i+1)*s.runs/steps-i*s.runs/steps
		if err := through(ctx, d, n); err != nil {
			return section{}, err
		}
		rate, each := float64(n)/time.Since(began).Seconds(), (d.cpu()-cpu)/time.Duration(n)
		wait := pause
		if i == steps-1 {
			wait = rest
		}
		if after, err = d.settled(ctx, wait); err != nil {
			return section{}, err
		}
		details = append(details, append(after.cells((i+1)*s.runs/steps), fmt.Sprintf("%.1f", rate), short(each)))
	}
	const spare = 20 // connections of Temporal's and our pools come and go
	return section{
		title: fmt.Sprintf("Leaks over %d runs", s.runs),
		text: fmt.Sprintf("`signalbox dev` with everything in one process, after %d runs that fill its pools. The counts of the first and the last row are the\n"+
			"least within %s without a run, the others within %s.", min(s.runs, atOnce), rest, pause),
		rows: []row{
			{"goroutines more", fmt.Sprintf("≤ %d", spare), fmt.Sprint(after.goroutines - before.goroutines), met(after.goroutines-before.goroutines <= spare)},
			{"file descriptors more", fmt.Sprintf("≤ %d", spare), fmt.Sprint(after.files - before.files), met(after.files-before.files <= spare)},
		},
		details: []table{{"On the way", []string{"runs", "goroutines", "file descriptors", "RssAnon", "runs/s", "processor time of a run"}, details}},
	}, nil
}

// atOnce is how many runs are open at most while leaks are looked for.
const atOnce = 500

// through sends runs through the process, and waits for the last.
func through(ctx context.Context, d *site, n int) error {
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

// settled looks at the least that the process holds within some time of rest.
func (s *site) settled(ctx context.Context, rest time.Duration) (least held, err error) {
	const every = 500 * time.Millisecond
	s.http.CloseIdleConnections()
	for range rest / every {
		select {
		case <-time.After(every):
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
