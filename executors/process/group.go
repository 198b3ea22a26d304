package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// signalAll sends a signal to the leader's group and to all other descendants of this process. The group's number is
// used only while a descendant is in it: it may belong to somebody else afterwards.
func signalAll(leader int, sig unix.Signal) {
	group := false
	for _, p := range descendants(os.Getpid()) {
		if p.group == leader {
			group = true
			continue
		}
		_ = unix.Kill(p.pid, sig)
	}
	if group {
		_ = unix.Kill(-leader, sig)
	}
}

type proc struct {
	pid, parent, group, session int
	alive                       bool // no zombie
}

// processes lists all that run. What forks meanwhile may be missed: who wants all asks again.
func processes() (all []proc) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if p, ok := readStat(path); ok {
			all = append(all, p)
		}
	}
	return all
}

// killSession kills what is in the session of a leader that has died but is still ours to wait for. What the kernel
// does not let die at once is left to die.
func killSession(leader int) {
	found := true
	for looks := 0; found && looks < 100; looks++ {
		found = false
		for _, p := range processes() {
			if p.session == leader && p.pid != leader {
				found = unix.Kill(p.pid, unix.SIGKILL) == nil && p.alive || found
			}
		}
	}
}

// descendants lists the processes below one.
func descendants(of int) []proc {
	below := map[int][]proc{}
	for _, p := range processes() {
		below[p.parent] = append(below[p.parent], p)
	}
	var all []proc
	for level := below[of]; len(level) > 0; {
		all = append(all, level...)
		var deeper []proc
		for _, p := range level {
			deeper = append(deeper, below[p.pid]...)
		}
		level = deeper
	}
	return all
}

// readStat reads /proc/PID/stat: "pid (name) state ppid pgrp session …", where the name may hold anything.
func readStat(path string) (proc, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return proc{}, false
	}
	pid, _, ok := strings.Cut(string(b), " ")
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if !ok || len(fields) < 4 {
		return proc{}, false
	}
	var p proc
	p.pid, _ = strconv.Atoi(pid)
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.session, _ = strconv.Atoi(fields[3])
	p.alive = fields[0] != "Z" && fields[0] != "X"
	return p, true
}

// oomKills counts the processes of this control group that were killed for lack of memory; 0 where it cannot be read.
func oomKills() int64 {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(own)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, file := range oomFiles(parts[1], parts[2]) {
			if n, ok := readOOM(file); ok {
				return n
			}
		}
	}
	return 0
}

// oomFiles names the files that count, for version 2 and version 1 of control groups.
func oomFiles(controllers, path string) []string {
	switch controllers {
	case "":
		return []string{filepath.Join("/sys/fs/cgroup", path, "memory.events")}
	case "memory":
		return []string{
			filepath.Join("/sys/fs/cgroup/memory", path, "memory.oom_control"),
			"/sys/fs/cgroup/memory/memory.oom_control",
		}
	}
	return nil
}

func readOOM(file string) (int64, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if number, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
