package realtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"signalbox/adapters/pythontest"
)

// install sees to an Airflow in the cache, and gives its program. Errors: *pythontest.NotInstallable.
func install(ctx context.Context, version string, log func(string, ...any)) (string, error) {
	pins, err := content.ReadFile("pins/pins-" + version + ".txt")
	if err != nil {
		return "", fmt.Errorf("there are no pins for Airflow %s: %w", version, err)
	}
	packages := []string{"apache-airflow==" + version, "psycopg2-binary"}
	if !two(version) {
		packages = append(packages, "asyncpg")
	}
	bin, err := pythontest.Recipe{Name: "airflow", Version: version, Packages: packages, Pins: pins}.Install(ctx, log)
	return filepath.Join(bin, "airflow"), err
}

func two(version string) bool { return strings.HasPrefix(version, "2.") }

// environment is what Airflow's processes run with: nothing but this machine, quick, and small. On SQLite, which is what
// it has without the address of another database, the API server of Airflow 3 blocks itself under load.
func environment(home, version, database string, port, log, trigger int) []string {
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
	if database != "" {
		env = append(env, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="+database)
	}
	if two(version) {
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
		"AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT=60", // instead of 5 seconds, which a busy machine passes
	)
}
