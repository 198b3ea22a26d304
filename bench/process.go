package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	sb "signalbox"
	"signalbox/client"
	"signalbox/examples"
	"signalbox/internal/freeport"
)

// process is a running process; what it says goes to a file.
type process struct {
	cmd  *exec.Cmd
	out  string
	gone chan struct{}
}

// launch starts a process, which ends with this one at the latest.
func launch(cmd *exec.Cmd, out string) (*process, error) {
	file, err := os.Create(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, out: out, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// stop ends the process: in peace, or at once when that takes too long.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.gone
	}
}

// status reads a number of KiB from the kernel's status of the process, in bytes.
func (p *process) status(name string) int64 {
	kib, _, _ := strings.Cut(field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), name), " ")
	n, _ := strconv.ParseInt(kib, 10, 64)
	return n << 10
}

// cpu is the processor time that the process has taken, in steps of 10 ms.
func (p *process) cpu() time.Duration {
	text := firstLine(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(text, ") ") // behind the name, which may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (p *process) descriptors() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	return len(entries)
}

// address is a free address on loopback.
func address() (string, error) {
	port, err := freeport.Find(freeport.Loopback)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

// site is an installation of Signalbox.
type site struct {
	*process
	settings
	url, temporal string
	key           string
	env           []string
	http          *http.Client
	api           *client.Client
}

// plan chooses addresses and a data folder.
func plan(s settings, name string, env ...string) (*site, error) {
	listen, err := address()
	if err != nil {
		return nil, err
	}
	temporal, err := address()
	if err != nil {
		return nil, err
	}
	s.dir = filepath.Join(s.dir, name)
	return &site{
		settings: s, url: "http://" + listen, temporal: temporal,
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
		env: append([]string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(),
			"SIGNALBOX_DATA_DIR=" + s.dir, "SIGNALBOX_LISTEN=" + listen, "SIGNALBOX_TEMPORAL_LISTEN=" + temporal,
			"SIGNALBOX_TEMPORAL_UI_LISTEN=", "SIGNALBOX_DEMO=0",
		}, env...),
	}, os.MkdirAll(s.dir, 0o700)
}

func (s *site) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.bin, args...)
	cmd.Env = s.env
	return cmd
}

// dev starts everything in one process, with the dummy plugin.
func dev(ctx context.Context, s settings, name string, env ...string) (*site, error) {
	d, err := plan(s, name, env...)
	if err != nil {
		return nil, err
	}
	if err := d.start(ctx, "dev"); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(d.dir, "admin.key"))
	if err == nil {
		err = d.connect(ctx, string(key))
	}
	if err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// start starts a process that serves the API, and waits until it is ready.
func (s *site) start(ctx context.Context, verb string) (err error) {
	s.process, err = launch(s.command(ctx, verb), filepath.Join(s.dir, verb+".out"))
	if err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		s.stop()
		return err
	}
	return nil
}

func (s *site) ready(ctx context.Context) error {
	for {
		answer, err := s.http.Get(s.url + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.gone:
			said, _ := os.ReadFile(s.out)
			return fmt.Errorf("it ended before it was ready: %s", bytes.TrimSpace(said))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// connect makes a client, and installs the dummy plugin.
func (s *site) connect(ctx context.Context, key string) (err error) {
	s.key = strings.TrimSpace(key)
	if s.api, err = client.New(client.Options{URL: s.url, Key: s.key}); err != nil {
		return err
	}
	archive, err := examples.Zip("dummy")
	if err != nil {
		return err
	}
	_, err = s.api.Plugins.Install(ctx, bytes.NewReader(archive), client.Install{Overwrite: true})
	return err
}

// get reads an answer of the API whole, and how long that took.
func (s *site) get(ctx context.Context, path string) ([]byte, time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	began := time.Now()
	answer, err := s.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	took := time.Since(began)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("GET %s: %s: %.300s", path, answer.Status, body)
	}
	return body, took, err
}

// metric reads a number of /metrics that has no labels.
func (s *site) metric(ctx context.Context, name string) (float64, error) {
	body, _, err := s.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

// quota sets that of the builtin orchestrator.
func (s *site) quota(ctx context.Context, n int) error {
	_, err := s.api.Orchestrators.Patch(ctx, "builtin", client.OrchestratorPatch{Quota: &n})
	return err
}

var open = []sb.Status{sb.Scheduled, sb.Queued, sb.Running}

// calm waits until no run is open.
func (s *site) calm(ctx context.Context) error {
	for {
		page, err := s.api.Runs.List(ctx, client.RunFilter{Statuses: open, Paging: client.Paging{Limit: 1}})
		if err != nil || len(page.Items) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("runs are still open: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// all reads all runs that fit.
func (s *site) all(ctx context.Context, f client.RunFilter) ([]client.Run, error) {
	f.Limit = 500
	var list []client.Run
	for run, err := range s.api.Runs.All(ctx, f) {
		if err != nil {
			return nil, err
		}
		list = append(list, run)
	}
	return list, nil
}
