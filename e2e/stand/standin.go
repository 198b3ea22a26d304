package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"signalbox/adapters/airflow/airflowtest"
)

// runAirflow serves the stand-in for Airflow 3 to tests that are no Go, such as those in a browser. The first line that it
// writes is its address. It does what it reads: "finish" ends all runs well, "delete DAG RUN" removes a run, as people do.
// It ends with its input.
func runAirflow(context.Context, string) error {
	airflow := airflowtest.New("3.3.1")
	defer airflow.Close()
	fmt.Println(airflow.URL)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch word := strings.Fields(lines.Text()); {
		case len(word) == 1 && word[0] == "finish":
			airflow.Finish()
		case len(word) == 3 && word[0] == "delete":
			airflow.Delete(word[1], word[2])
		default:
			return fmt.Errorf("%q is none of finish and delete DAG RUN", lines.Text())
		}
	}
	return lines.Err()
}
