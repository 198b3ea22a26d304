// Command stand starts a real Airflow to try Signalbox with: the DAGs of examples/airflow and the ones that tests run,
// registered with the Signalbox that runs on this machine, until it is interrupted. `make airflow2` and `make airflow3`
// call it; `make flyte` lets it start the stand-in for Flyte instead, and tests of the pages that for Airflow.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing/fstest"

	"signalbox/adapters/airflow/realtest"
	"signalbox/cli"
)

const again = "Start `signalbox dev`, unless it runs; end or release what is still open at the one of before; and then start this again.\n"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./e2e/stand 2.10.3|3.3.1|flyte|airflow")
		os.Exit(2)
	}
	open := run
	switch os.Args[1] {
	case "flyte":
		open = runFlyte
	case "airflow":
		open = runAirflow
	}
	if err := open(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, version string) error {
	dags, err := dagFiles()
	if err != nil {
		return err
	}
	python, err := filepath.Abs("sdk/python")
	if err != nil {
		return err
	}
	fmt.Printf("Starting Airflow %s; this takes half a minute, and longer the first time.\n", version)
	s, err := realtest.Open(ctx, realtest.Settings{
		Version: version, DAGs: dags, Awaited: "sb_ok", Env: []string{"PYTHONPATH=" + python},
		Log: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Printf("\nAirflow %s is at %s, account admin, password admin. Its DAGs are in %s, where yours may go, too.\n", version, s.URL, s.Folder())
	name := "airflow" + version[:1]
	if err := register(ctx, s, name); err != nil {
		fmt.Printf("It is not registered with Signalbox: %v\n"+again, err)
	}
	fmt.Println("Ctrl-C ends it.")
	<-ctx.Done()
	fmt.Println("\nStopping.")
	return nil
}

// dagFiles are the examples, and the DAGs of the tests.
func dagFiles() (fs.FS, error) {
	all := fstest.MapFS{}
	for _, folder := range []string{"examples/airflow", "adapters/airflow/realtest/dags"} {
		names, err := filepath.Glob(filepath.Join(folder, "*.py"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			all[filepath.Base(name)] = &fstest.MapFile{Data: text, Mode: 0o644}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no DAGs here: start it at the root of the tree")
	}
	return all, nil
}

var keyText = regexp.MustCompile(`sbo_[A-Za-z0-9_-]+`)

// register makes the Airflow an orchestrator, or the one of before lead here, and gives its tasks a key.
func register(ctx context.Context, s *realtest.Server, name string) error {
	password, err := passwordFile()
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(password) }()
	to := []string{"--set", "url=" + s.URL, "--set", "username=admin", "--secret-file", "password=" + password, "--route", "*=" + dagOf()}
	if err := settle(ctx, name, "airflow", to); err != nil {
		return err
	}
	made, err := signalbox(ctx, "orchestrators", "keys", "create", name, "stand")
	if err != nil {
		return err
	}
	if err := connect(ctx, s, keyText.FindString(made)); err != nil {
		return err
	}
	probed, err := signalbox(ctx, "orchestrators", "probe", name)
	fmt.Printf("It is the orchestrator %s:\n%s\nTry: signalbox runs schedule OPERATOR --orchestrator %s\n", name, probed, name)
	return err
}

// settle lets the orchestrator of before lead to what was started, or registers it.
func settle(ctx context.Context, name, kind string, to []string) error {
	do := []string{"orchestrators", "set", name}
	if _, err := signalbox(ctx, "orchestrators", "show", name); err != nil {
		do = []string{"orchestrators", "add", name, "--kind", kind}
	}
	_, err := signalbox(ctx, append(do, to...)...)
	return err
}

// dagOf is the DAG that runs any operator, where the tree has it.
func dagOf() string {
	if _, err := os.Stat("examples/airflow/signalbox_run.py"); err == nil {
		return "signalbox_run"
	}
	return "sb_ok"
}

func passwordFile() (string, error) {
	f, err := os.CreateTemp("", "password")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	_, err = f.WriteString("admin\n")
	return f.Name(), err
}

// connect makes Airflow's Connection to Signalbox, which tasks find address and key in.
func connect(ctx context.Context, s *realtest.Server, key string) error {
	url := os.Getenv("SIGNALBOX_URL")
	if url == "" {
		url = cli.DefaultURL
	}
	body, err := json.Marshal(map[string]string{"connection_id": "signalbox", "conn_type": "http", "host": url, "password": key})
	if err != nil {
		return err
	}
	status, answer := s.Ask(ctx, http.MethodPost, "/connections", string(body))
	if status != http.StatusOK && status != http.StatusCreated {
		return fmt.Errorf("Airflow's Connection could not be made: %d %s", status, answer) //nolint:staticcheck // a name begins it
	}
	return nil
}

// signalbox calls the command line, as a person would.
func signalbox(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "bin/signalbox", args...)
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("signalbox %s: %s", strings.Join(args[:min(2, len(args))], " "), strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
