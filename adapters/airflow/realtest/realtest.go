// Package realtest installs and starts real Airflows for tests: version 2.10.3 and 3.3.1 from PyPI, by pins that fit each
// other, kept in the user's cache folder. Where that cannot be done, the test is skipped and says why. A server listens
// on this machine only and ends with its test.
package realtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed pins dags
var content embed.FS

// How long things may take on a small machine.
const (
	installWithin = 5 * time.Minute
	startWithin   = 150 * time.Second
	stopWithin    = 20 * time.Second
)

// Server is a running Airflow. The accounts are admin and viewer, each its own password.
type Server struct {
	URL     string
	Home    string
	Version string
	bin     string
	env     []string
	procs   []*exec.Cmd
}

// Start starts an Airflow with the DAGs of dags, and waits until it would run them.
func Start(t *testing.T, version string) *Server {
	t.Helper()
	s := &Server{Version: version, bin: install(t, version), Home: home(t)}
	port := free(t)
	s.URL = "http://127.0.0.1:" + strconv.Itoa(port)
	s.env = environment(s.Home, version, port, free(t), free(t))
	dags := filepath.Join(s.Home, "dags")
	require.NoError(t, os.Mkdir(dags, 0o755))
	file, err := content.ReadFile("dags/signalbox_test_dags.py")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dags, "signalbox_test_dags.py"), file, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(s.Home, "pw.json"), []byte(`{"admin": "admin", "viewer": "viewer"}`), 0o600))
	s.Run(t, "db", "migrate")
	s.account(t, "admin", "Admin")
	t.Cleanup(func() { s.Stop(t) })
	s.Resume(t)
	s.account(t, "viewer", "Viewer") // a role that the web server makes when it starts
	return s
}

// account makes an account, where they are not in a file.
func (s *Server) account(t *testing.T, name, role string) {
	t.Helper()
	if s.two() {
		s.Run(t, "users", "create", "-u", name, "-p", name, "-f", "a", "-l", "b", "-r", role, "-e", name+"@example.org")
	}
}

func (s *Server) two() bool { return strings.HasPrefix(s.Version, "2.") }

// Revoke takes the viewer's credentials away, as an administrator does. Airflow 3 asks for them at a login only.
func (s *Server) Revoke(t *testing.T) {
	t.Helper()
	if s.two() {
		s.Run(t, "users", "delete", "-u", "viewer")
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(s.Home, "pw.json"), []byte(`{"admin": "admin", "viewer": "another"}`), 0o600))
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
func (s *Server) Run(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	c := exec.CommandContext(ctx, s.bin, args...)
	c.Env, c.Dir = s.env, s.Home
	out, err := c.CombinedOutput()
	require.NoErrorf(t, err, "airflow %s\n%s", strings.Join(args, " "), tail(string(out)))
}

// Resume starts the processes, and waits until they are ready.
func (s *Server) Resume(t *testing.T) {
	t.Helper()
	parts := []string{"api-server", "scheduler", "dag-processor"}
	if s.two() {
		parts = []string{"webserver", "scheduler"}
	}
	for _, part := range parts {
		log, err := os.OpenFile(filepath.Join(s.Home, part+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		c := exec.Command(s.bin, part)
		c.Env, c.Dir, c.Stdout, c.Stderr = s.env, s.Home, log, log
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		require.NoError(t, c.Start())
		require.NoError(t, log.Close())
		s.procs = append(s.procs, c)
	}
	for deadline := time.Now().Add(startWithin); !s.ready(t); time.Sleep(300 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, part := range parts {
				out, _ := os.ReadFile(filepath.Join(s.Home, part+".out"))
				t.Logf("%s:\n%s", part, tail(string(out)))
			}
			t.Fatalf("Airflow %s was not ready within %s", s.Version, startWithin)
		}
	}
}

// ready tells whether the scheduler works and the last DAG of the file has been found.
func (s *Server) ready(t *testing.T) bool {
	health := "/api/v2/monitor/health"
	if s.two() {
		health = "/health"
	}
	_, body := s.ask(t, http.MethodGet, health, "", false)
	var said struct{ Scheduler struct{ Status string } }
	if json.Unmarshal([]byte(body), &said) != nil || said.Scheduler.Status != "healthy" {
		return false
	}
	status, _ := s.Ask(t, http.MethodGet, "/dags/sb_params", "")
	return status == http.StatusOK
}

// Kill kills all processes at once, as a power cut does.
func (s *Server) Kill() {
	all := family(s.pids())
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, c := range s.procs {
		_ = c.Wait()
	}
	s.procs = nil
	for _, name := range []string{"airflow-webserver.pid", "airflow-webserver-monitor.pid", "airflow-scheduler.pid"} {
		_ = os.Remove(filepath.Join(s.Home, name))
	}
}

// Stop ends all processes, and what they leave behind.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
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
		stat, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
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
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// home is a folder with a short name: sockets lie in it.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "airflow") //nolint:usetesting // its names are too long, and it fails while a process still writes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func secret() string {
	b := make([]byte, 48)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}
