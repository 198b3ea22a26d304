package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"signalbox/client"
)

// holding looks at the memory of the processes that wait, and of those of a run that does nothing.
func (v *vision) holding(ctx context.Context) error {
	server := childOf(v.cmd.Process.Pid, "serve")
	if server == 0 {
		return fmt.Errorf("there is no server of forks")
	}
	if err := v.calm(ctx); err != nil {
		return err
	}
	idle := memoryOf(server)
	run, err := v.api.Runs.Schedule(ctx, client.Draft{Operator: moment, Dataset: "toys", Params: json.RawMessage(`{"rest": 600}`)})
	if err != nil {
		return err
	}
	err = until(ctx, "the operator to rest", func() (bool, error) {
		now, err := v.api.Runs.Get(ctx, run.ID)
		return now.Progress != nil, err
	})
	if err != nil {
		return err
	}
	shim := childOf(server, "")
	operator := childOf(shim, "")
	v.out.rows = append(
		v.out.rows,
		row{"memory of an idle server of forks", "", idle.String(), nil},
		row{"the same, while one run goes on", "", memoryOf(server).String(), nil},
		row{"memory of that run's shim", "", memoryOf(shim).String(), nil},
		row{"memory of its operator, which rests", "", memoryOf(operator).String(), nil},
	)
	if _, err := v.api.Runs.Stop(ctx, run.ID); err != nil {
		return err
	}
	return v.calm(ctx)
}

// memory is that of a process.
type memory struct{ pss, private int64 }

func (m memory) String() string { return mib(m.pss) + ", " + mib(m.private) + " of them private" }

func memoryOf(pid int) (m memory) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // at once, so that its sums belong together
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		kib, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "Pss:":
			m.pss = kib << 10
		case "Private_Clean:", "Private_Dirty:":
			m.private += kib << 10
		}
	}
	return m
}

// childOf finds a child of a process whose last argument is as asked, if anything is; 0 for none.
func childOf(parent int, last string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range all {
		_, rest, _ := strings.Cut(firstLine(file), ") ")
		if f := strings.Fields(rest); len(f) < 2 || f[1] != strconv.Itoa(parent) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		args := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && (last == "" || args[len(args)-1] == last) {
			return pid
		}
	}
	return 0
}
