package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	sb "signalbox"
	"signalbox/client"
)

// logging sends a large log through the work API as a worker would, and reads it.
func logging(ctx context.Context, s settings) (section, error) {
	c, err := cluster(ctx, s, "")
	if err != nil {
		return section{}, err
	}
	defer c.stop()
	w, err := c.claim(ctx)
	if err != nil {
		return section{}, err
	}
	if err := w.send(ctx, 0, 16); err != nil { // warm
		return section{}, err
	}
	before := c.status("RssAnon")
	grown := c.watchMemory(ctx)
	s.say("sending %d MiB of log", s.logMB)
	began := time.Now()
	if err := w.send(ctx, 16, s.logMB); err != nil {
		return section{}, err
	}
	rate := float64(s.logMB-16) * (1 << 20) / 1e6 / time.Since(began).Seconds()
	running, err := c.firstPage(ctx, w.run)
	if err != nil {
		return section{}, err
	}
	s.say("keeping it as one object")
	began = time.Now()
	if err := w.end(ctx); err != nil {
		return section{}, err
	}
	kept := time.Since(began)
	finished, err := c.firstPage(ctx, w.run)
	if err != nil {
		return section{}, err
	}
	searched, err := c.search(ctx, w.run)
	if err != nil {
		return section{}, err
	}
	read, err := c.download(ctx, w.run)
	if err != nil {
		return section{}, err
	}
	peak := grown()
	s.say("parsing")
	parsed := parseRate(s.quick)
	size := fmt.Sprintf("%d MiB", s.logMB)
	return section{
		title: "Logs",
		text: "`signalbox serve` on SQLite with files, Temporal in another process. One run's log is sent to `POST /work/{run}/logs` in chunks of 1 MiB,\n" +
			"unpacked, one after the other; each is on the disk before it is answered. Parsing is `ParseLine` and `Fold`, by the processor time they take, over lines\n" +
			"in our format, Python's, logrus', JSON and none, in equal numbers. Memory is RssAnon of `serve`, over all of it.",
		rows: []row{
			{"ingest into files", "≥ 50 MB/s", fmt.Sprintf("%.0f MB/s", rate), met(rate >= 50)},
			{"parse, a core", "≥ 200 MB/s", fmt.Sprintf("%.0f MB/s", parsed), met(parsed >= 200)},
			atMost("first page of a finished log of "+size+", p99", finished.p99(), 300*time.Millisecond),
			atMost("first page of a running log of "+size+", p99", running.p99(), 300*time.Millisecond),
			atMost("a word that is nowhere in the finished log", searched, 3*time.Second),
			{"memory of the server grows by", "≤ 64 MiB", fmt.Sprintf("%s (from %s)", mib(peak-before), mib(before)), met(peak-before <= 64<<20)},
			{"end of the work → one object with its index", "", short(kept), nil},
			{"download", "", fmt.Sprintf("%.0f MB/s", read), nil},
		},
	}, nil
}

// control is a control plane as a team runs it, with Temporal in a process of its own.
type control struct {
	*site
	beside []func()
}

func (c *control) stop() {
	if c.site.process != nil {
		c.site.stop()
	}
	for _, f := range c.beside {
		f()
	}
}

// cluster starts a control plane; database "" is SQLite.
func cluster(ctx context.Context, s settings, database string, env ...string) (*control, error) {
	d, err := plan(s, "serve", append(env, "SIGNALBOX_DATABASE_URL="+database)...)
	if err != nil {
		return nil, err
	}
	keyset := filepath.Join(d.dir, "keyset.json")
	d.env = append(d.env, "SIGNALBOX_TEMPORAL_ADDRESS="+d.temporal, "SIGNALBOX_KEYSET="+keyset)
	c := &control{site: d}
	if err := c.raise(ctx, keyset); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *control) raise(ctx context.Context, keyset string) error {
	folder := filepath.Join(c.site.dir, "temporal")
	cmd := c.command(ctx, "temporal")
	cmd.Env = append(cmd.Env, "SIGNALBOX_DATA_DIR="+folder, "SIGNALBOX_KEYSET=", "SIGNALBOX_TEMPORAL_ADDRESS=")
	temporal, err := launch(cmd, folder+".out")
	if err != nil {
		return err
	}
	c.beside = append(c.beside, temporal.stop)
	if said, err := c.command(ctx, "migrate", "--keyset", keyset).CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, said)
	}
	key, err := c.command(ctx, "admin-key").Output()
	if err != nil {
		return fmt.Errorf("admin-key: %w", err)
	}
	if err := c.site.start(ctx, "serve"); err != nil {
		return err
	}
	return c.connect(ctx, string(key))
}

// watchMemory looks at the process's memory until the function it gives is called, which tells the most.
func (c *control) watchMemory(ctx context.Context) (most func() int64) {
	ctx, cancel := context.WithCancel(ctx)
	var peak int64
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			peak = max(peak, c.status("RssAnon"))
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		cancel()
		looking.Wait()
		return peak
	}
}

// job is a claimed attempt.
type job struct {
	c               *control
	run             string
	token, endToken string
	work            *client.Work
	quiet           func()
}

const benchPool = "bench"

// claim schedules a run for a pool of our own, and claims it as its worker.
func (c *control) claim(ctx context.Context) (*job, error) {
	routes := []sb.Route{{Operators: []string{"*"}, Target: sb.Target{Pool: benchPool}}}
	if _, err := c.api.Orchestrators.Patch(ctx, "builtin", client.OrchestratorPatch{Routes: routes}); err != nil {
		return nil, err
	}
	key, err := c.api.Orchestrators.Keys("builtin").Create(ctx, client.KeyDraft{Name: "bench"})
	if err != nil {
		return nil, err
	}
	work, err := client.NewWork(client.Options{URL: c.url, Key: key.Key})
	if err != nil {
		return nil, err
	}
	me := sb.WorkersRequest{Name: "bench", Incarnation: rand.Text(), Pool: benchPool, Concurrency: 1}
	if _, err := work.Workers(ctx, me); err != nil {
		return nil, err
	}
	run, err := c.api.Runs.Schedule(ctx, client.Draft{Operator: ok})
	if err != nil {
		return nil, err
	}
	j := &job{c: c, run: run.ID, work: work}
	claim := sb.ClaimRequest{AttemptRef: sb.AttemptRef{Run: run.ID, Attempt: 1}, Nonce: rand.Text(), Worker: me.Name, Incarnation: me.Incarnation}
	for {
		answer, err := work.Claim(ctx, claim)
		if err == nil {
			j.token, j.endToken = answer.Token, answer.EndToken
			j.beat(ctx)
			return j, work.Start(ctx, run.ID, j.token, sb.StartRequest{})
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// beat renews the lease until the job's end.
func (j *job) beat(ctx context.Context) {
	ctx, j.quiet = context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(sb.HeartbeatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_, _ = j.work.Heartbeat(ctx, j.run, j.token)
			}
		}
	}()
}

// send sends the chunks from a number on, 1 MiB each.
func (j *job) send(ctx context.Context, from, to int) error {
	chunk := logText(sb.MaxChunk)
	for seq := from; seq < to; seq++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.c.url+"/api/v1/work/"+j.run+"/logs?seq="+strconv.Itoa(seq), bytes.NewReader(chunk))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+j.token)
		req.Header.Set("Content-Type", "text/plain; charset=utf-8")
		answer, err := j.c.http.Do(req)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return fmt.Errorf("chunk %d: %s: %.300s: %w", seq, answer.Status, said, err)
		}
	}
	return nil
}

// end tells the end of the work, and waits until the log is one object.
func (j *job) end(ctx context.Context) error {
	j.quiet()
	exit := 0
	if err := j.work.End(ctx, j.run, j.endToken, sb.EndRequest{ExitCode: &exit}); err != nil {
		return err
	}
	for {
		run, err := j.c.api.Runs.Get(ctx, j.run)
		if err != nil || run.Log != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the log is not kept: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// firstPage reads the first hundred lines several times.
func (c *control) firstPage(ctx context.Context, run string) (took times, err error) {
	for range 10 {
		body, d, err := c.get(ctx, "/api/v1/runs/"+run+"/logs/lines?from=0&count=100")
		if err != nil {
			return nil, err
		}
		var window struct {
			Lines []json.RawMessage `json:"lines"`
		}
		if err := json.Unmarshal(body, &window); err != nil || len(window.Lines) != 100 {
			return nil, fmt.Errorf("the first page has %d lines: %w", len(window.Lines), err)
		}
		took = append(took, d)
	}
	return took, nil
}

// search looks for a word that is nowhere in a finished log, to its end.
func (c *control) search(ctx context.Context, run string) (time.Duration, error) {
	began := time.Now()
	for from := int64(0); ; {
		body, _, err := c.get(ctx, fmt.Sprintf("/api/v1/runs/%s/logs/lines?search=nowhere&from=%d", run, from))
		if err != nil {
			return 0, err
		}
		var window struct {
			Next *int64 `json:"next"`
		}
		if err := json.Unmarshal(body, &window); err != nil || window.Next == nil {
			return time.Since(began), err
		}
		from = *window.Next
	}
}

// download reads the whole log, and tells how many MB a second that were.
func (c *control) download(ctx context.Context, run string) (float64, error) {
	began := time.Now()
	n, err := c.api.Runs.Download(ctx, run, io.Discard, 0)
	return float64(n) / 1e6 / time.Since(began).Seconds(), err
}

// logText makes whole lines, at most so many bytes, in the formats that logs are found in.
func logText(size int) []byte {
	at := time.Date(2026, time.May, 1, 10, 0, 0, 123456000, time.UTC)
	message := strings.Repeat("computed brightness and contrast of an image; ", 2)
	var b bytes.Buffer
	for i := 0; ; i++ {
		t := at.Add(time.Duration(i) * time.Millisecond)
		var line string
		switch i % 5 {
		case 0:
			line = string(sb.FormatLine(t, sb.Info, fmt.Appendf(nil, "%s%d", message, i)))
		case 1:
			line = fmt.Sprintf("%s - images.stats - WARNING - %s%d", t.Format("2006-01-02 15:04:05,000"), message, i)
		case 2:
			line = fmt.Sprintf("time=%q level=info msg=\"%s%d\"", t.Format(time.RFC3339), message, i)
		case 3:
			line = fmt.Sprintf(`{"timestamp":%q,"level":"error","message":"%s%d"}`, t.Format(time.RFC3339Nano), message, i)
		case 4:
			line = fmt.Sprintf("%s%d", message, i)
		}
		if b.Len()+len(line)+1 > size {
			b.WriteString(strings.Repeat("x", max(size-b.Len()-1, 0)) + "\n")
			return b.Bytes()[:size]
		}
		b.WriteString(line + "\n")
	}
}

// parseRate tells how many MB of log one core reads into entries in a second.
func parseRate(quick bool) float64 {
	text := logText(16 << 20)
	rounds := 32
	if quick {
		rounds = 4
	}
	var fold sb.Fold
	began := cpu()
	for range rounds {
		for line := range bytes.Lines(text) {
			_, severity, message, known := sb.ParseLine(line[:len(line)-1])
			fold.Next(severity, message, known)
		}
	}
	return float64(rounds*len(text)) / 1e6 / (cpu() - began).Seconds()
}

// cpu is the processor time that this process has taken, whatever else the machine did meanwhile.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
