package realtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"signalbox/internal/freeport"
	"signalbox/internal/postgrestest"
)

// How long things may take on a small machine.
const (
	startWithin = 5 * time.Minute
	stopWithin  = 20 * time.Second
)

// Settings say what to start.
type Settings struct {
	Version string
	DAGs    fs.FS    // its *.py are what Airflow finds
	Awaited string   // the DAG that must have been found
	Env     []string // besides what every Airflow gets
	Log     func(format string, args ...any)
}

// Server is a running Airflow. The accounts are admin and viewer, each its own password.
type Server struct {
	URL string

	Settings
	home, bin string
	database  *postgrestest.Server // nil where there is no Postgres
	env       []string
	procs     []*exec.Cmd
}

// Open installs an Airflow if need be, starts it, and waits until it would run the awaited DAG. Close ends it. An error
// that is a NotInstallable says that this machine cannot have it.
func Open(ctx context.Context, set Settings) (*Server, error) {
	bin, err := install(ctx, set.Version, set.Log)
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "airflow")
	if err != nil {
		return nil, err
	}
	s := &Server{Settings: set, bin: bin, home: home}
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) begin(ctx context.Context) error {
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = freeport.Find(freeport.Loopback); err != nil {
			return err
		}
	}
	s.URL = "http://127.0.0.1:" + strconv.Itoa(ports[0])
	database, err := s.base(ctx)
	if err != nil {
		return err
	}
	s.env = append(environment(s.home, s.Version, database, ports[0], ports[1], ports[2]), s.Env...)
	if err := os.CopyFS(filepath.Join(s.home, "dags"), s.DAGs); err != nil {
		return err
	}
	if err := s.passwords("viewer"); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return s.Run(ctx, "db", "migrate") },
		func() error { return s.account(ctx, "admin", "Admin") },
		func() error { return s.Resume(ctx) },
		func() error { return s.account(ctx, "viewer", "Viewer") }, // a role that the web server makes when it starts
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// base starts a Postgres for it, and says where that is; "" without one.
func (s *Server) base(ctx context.Context) (url string, err error) {
	s.database, err = postgrestest.Start(ctx, postgrestest.Hasty...)
	if errors.Is(err, postgrestest.ErrNotInstalled) {
		s.Log("Airflow %s is on SQLite, on which it can fail under load: %v", s.Version, err)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	url, err = s.database.Create(ctx, "airflow")
	address, _, _ := strings.Cut(url, "?") // what is behind it Airflow's asynchronous driver refuses
	return strings.Replace(address, "postgres:", "postgresql+psycopg2:", 1), err
}

// Folder is where its DAGs lie.
func (s *Server) Folder() string { return filepath.Join(s.home, "dags") }

// Logs is the folder where it keeps the logs of tasks.
func (s *Server) Logs() string { return filepath.Join(s.home, "logs") }

func (s *Server) two() bool { return two(s.Version) }

func (s *Server) passwords(viewer string) error {
	text := fmt.Sprintf(`{"admin": "admin", "viewer": %q}`, viewer)
	return os.WriteFile(filepath.Join(s.home, "pw.json"), []byte(text), 0o600)
}

// account makes an account, where they are not in a file.
func (s *Server) account(ctx context.Context, name, role string) error {
	if !s.two() {
		return nil
	}
	return s.Run(ctx, "users", "create", "-u", name, "-p", name, "-f", "a", "-l", "b", "-r", role, "-e", name+"@example.org")
}

// Revoke takes the viewer's credentials away, as an administrator does. Airflow 3 asks for them at a login only.
func (s *Server) Revoke(ctx context.Context) error {
	if s.two() {
		return s.Run(ctx, "users", "delete", "-u", "viewer")
	}
	return s.passwords("another")
}

// Rotate makes the next start of Airflow 3 refuse the tokens given before.
func (s *Server) Rotate() {
	const secretOf = "AIRFLOW__API_AUTH__JWT_SECRET="
	for i, line := range s.env {
		if strings.HasPrefix(line, secretOf) {
			s.env[i] = secretOf + secret()
		}
	}
}

// Run runs an airflow command to its end.
func (s *Server) Run(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	c := exec.CommandContext(ctx, s.bin, args...)
	c.Env, c.Dir = s.env, s.home
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("airflow %s: %w\n%s", strings.Join(args, " "), err, tail(out))
	}
	return nil
}

// Resume starts the processes, and waits until they are ready.
func (s *Server) Resume(ctx context.Context) error {
	parts := []string{"api-server", "scheduler", "dag-processor"}
	if s.two() {
		parts = []string{"webserver", "scheduler"}
	}
	for _, part := range parts {
		if err := s.start(part); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for !s.ready(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("Airflow %s was not ready in time: %w\n%s", s.Version, ctx.Err(), s.Said()) //nolint:staticcheck // a name
		case <-time.After(300 * time.Millisecond):
		}
	}
	return nil
}

// Said is the end of what its processes and its tasks have written.
func (s *Server) Said() string {
	var said strings.Builder
	for _, pattern := range []string{"*.out", "logs/*/*/*/*.log"} {
		files, _ := filepath.Glob(filepath.Join(s.home, pattern))
		for _, file := range files {
			out, _ := os.ReadFile(file)
			fmt.Fprintf(&said, "%s:\n%s\n", strings.TrimPrefix(file, s.home+"/"), tail(out))
		}
	}
	return said.String()
}

func (s *Server) start(part string) error {
	log, err := os.OpenFile(filepath.Join(s.home, part+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command(s.bin, part)
	c.Env, c.Dir, c.Stdout, c.Stderr = s.env, s.home, log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return err
	}
	s.procs = append(s.procs, c)
	return nil
}

// ready tells whether the scheduler works and the awaited DAG has been found.
func (s *Server) ready(ctx context.Context) bool {
	health := "/api/v2/monitor/health"
	if s.two() {
		health = "/health"
	}
	_, body := s.ask(ctx, http.MethodGet, health, "", false)
	var said struct{ Scheduler struct{ Status string } }
	if json.Unmarshal([]byte(body), &said) != nil || said.Scheduler.Status != "healthy" {
		return false
	}
	status, _ := s.Ask(ctx, http.MethodGet, "/dags/"+s.Awaited, "")
	return status == http.StatusOK
}

// Kill kills all processes at once, as a power cut does.
func (s *Server) Kill() {
	for _, pid := range family(s.pids()) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, c := range s.procs {
		_ = c.Wait()
	}
	s.procs = nil
	for _, name := range []string{"airflow-webserver.pid", "airflow-webserver-monitor.pid", "airflow-scheduler.pid"} {
		_ = os.Remove(filepath.Join(s.home, name))
	}
}

// Close ends all processes, and what they leave behind.
func (s *Server) Close() {
	all := family(s.pids())
	for _, c := range s.procs {
		_ = c.Process.Signal(syscall.SIGTERM)
	}
	for deadline := time.Now().Add(stopWithin); slices.ContainsFunc(all, alive) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, c := range s.procs { // a parent must take note of its children's end
			var status syscall.WaitStatus
			_, _ = syscall.Wait4(c.Process.Pid, &status, syscall.WNOHANG, nil)
		}
	}
	for _, pid := range all {
		if alive(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	s.procs = nil
	if s.database != nil {
		s.database.Stop()
	}
	_ = os.RemoveAll(s.home)
}

func (s *Server) pids() []int {
	var all []int
	for _, c := range s.procs {
		all = append(all, c.Process.Pid)
	}
	return all
}

// family are processes with all that they have started, as long as those are not orphans.
func family(of []int) []int {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if fields := stat(pid); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	for i := 0; i < len(of); i++ {
		of = append(of, children[of[i]]...)
	}
	return of
}

func alive(pid int) bool {
	fields := stat(pid)
	return len(fields) > 0 && fields[0] != "Z"
}

// stat are a process's fields behind its name: its state, its parent.
func stat(pid int) []string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(line), ") ")
	return strings.Fields(rest)
}

func secret() string {
	b := make([]byte, 48)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func tail(out []byte) string { return strings.TrimSpace(string(out[max(0, len(out)-4000):])) }
