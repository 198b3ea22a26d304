package realtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// installWithin bounds downloads and all.
const installWithin = 5 * time.Minute

// NotInstallable says why this machine cannot have an Airflow.
type NotInstallable struct {
	Version string
	Err     error
}

func (e *NotInstallable) Error() string { return "real Airflow " + e.Version + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *NotInstallable) Unwrap() error { return e.Err }

// install sees to an Airflow in the cache, once for all processes, and gives its program.
func install(ctx context.Context, version string, log func(string, ...any)) (string, error) {
	no := func(err error) (string, error) { return "", &NotInstallable{version, err} }
	pins, err := content.ReadFile("pins/pins-" + version + ".txt")
	if err != nil {
		return "", fmt.Errorf("there are no pins for Airflow %s: %w", version, err)
	}
	python, err := interpreter()
	if err != nil {
		return no(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return no(err)
	}
	sum := sha256.Sum256(append(pins, python...))
	dir := filepath.Join(cache, "signalbox", "airflow-"+version+"-"+hex.EncodeToString(sum[:4]))
	unlock, err := lock(dir)
	if err != nil {
		return no(err)
	}
	defer unlock()
	program := filepath.Join(dir, "venv", "bin", "airflow")
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return program, nil
	}
	log("installing Airflow %s into %s", version, dir)
	if err := fill(ctx, dir, version, python, pins); err != nil {
		return no(err)
	}
	return program, nil
}

// interpreter finds Python 3.11, for which the pins are, and gives the program itself rather than a shim for it.
func interpreter() (string, error) {
	for _, name := range []string{"python3.11", "python3"} {
		out, err := exec.Command(name, "-c", "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2])").Output()
		if path, version, ok := strings.Cut(strings.TrimSpace(string(out)), " "); err == nil && ok && version == "3.11" {
			return path, nil
		}
	}
	return "", errors.New("there is no Python 3.11")
}

// lock keeps others from installing the same at once.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func fill(ctx context.Context, dir, version, python string, pins []byte) error {
	file := filepath.Join(dir, "pins.txt")
	if err := os.WriteFile(file, pins, 0o644); err != nil {
		return err
	}
	venv := filepath.Join(dir, "venv")
	if err := os.RemoveAll(venv); err != nil {
		return err
	}
	uv, err := exec.LookPath("uv")
	if err != nil {
		uv = filepath.Join(dir, "uv", "bin", "uv")
		if err := each(ctx, [][]string{
			{python, "-m", "venv", "--clear", filepath.Join(dir, "uv")},
			{filepath.Join(dir, "uv", "bin", "pip"), "install", "-q", "--disable-pip-version-check", "uv"},
		}); err != nil {
			return err
		}
	}
	if err := each(ctx, [][]string{
		{uv, "venv", "-q", "--python", python, venv},
		{uv, "pip", "install", "-q", "--python", filepath.Join(venv, "bin", "python"), "apache-airflow==" + version, "-c", file},
	}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
}

// each runs commands one after another.
func each(ctx context.Context, commands [][]string) error {
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	for _, args := range commands {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, tail(out))
		}
	}
	return nil
}

// environment is what Airflow's processes run with: nothing but this machine, quick, and small.
func environment(home, version string, port, log, trigger int) []string {
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "SCARF_ANALYTICS=false", "PYTHONUNBUFFERED=1",
		"AIRFLOW_HOME=" + home,
		"AIRFLOW__CORE__DAGS_FOLDER=" + filepath.Join(home, "dags"),
		"AIRFLOW__CORE__LOAD_EXAMPLES=False",
		"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False",
		"AIRFLOW__CORE__EXECUTOR=LocalExecutor",
		"AIRFLOW__CORE__PARALLELISM=4",
		"AIRFLOW__CORE__UNIT_TEST_MODE=False",
		"AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.2",
		fmt.Sprintf("AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=%d", log),
		fmt.Sprintf("AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=%d", trigger),
	}
	if strings.HasPrefix(version, "2.") {
		return append(env,
			"_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK=1",
			"AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth",
			"AIRFLOW__WEBSERVER__SECRET_KEY="+secret(),
			"AIRFLOW__WEBSERVER__WORKERS=1",
			"AIRFLOW__WEBSERVER__WEB_SERVER_HOST=127.0.0.1",
			fmt.Sprintf("AIRFLOW__WEBSERVER__WEB_SERVER_PORT=%d", port),
			"AIRFLOW__WEBSERVER__BASE_URL="+url,
			"AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=5",
			"AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL=5",
			"AIRFLOW__SCHEDULER__PARSING_PROCESSES=1",
			"AIRFLOW__SCHEDULER__LOCAL_TASK_JOB_HEARTBEAT_SEC=1",
		)
	}
	return append(env,
		"AIRFLOW__API__HOST=127.0.0.1",
		fmt.Sprintf("AIRFLOW__API__PORT=%d", port),
		"AIRFLOW__API__BASE_URL="+url,
		"AIRFLOW__API__WORKERS=1",
		"AIRFLOW__API__SECRET_KEY="+secret(),
		"AIRFLOW__API_AUTH__JWT_SECRET="+secret(),
		"AIRFLOW__CORE__EXECUTION_API_SERVER_URL="+url+"/execution/",
		"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,viewer:viewer",
		"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="+filepath.Join(home, "pw.json"),
		"AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1",
		"AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=5",
		"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=5",
		"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1",
	)
}
