package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	sb "signalbox"
)

// Where the kernel shows control groups.
const (
	groupRoot   = "/sys/fs/cgroup"
	groupSelf   = "/proc/self/cgroup"
	workerGroup = "signalbox-worker" // in version 2 a group that has groups below it has no processes of its own
)

// bound is a control group that bounds the memory of one run. The shim makes it, and removes it when nothing of the run
// is left.
type bound struct {
	Group string `json:"group"` // its folder
	Bytes int64  `json:"bytes"`
	back  string // the folder of the shim's own group
}

// outOfMemory is the signal's name where the kernel killed a process for lack of memory.
const outOfMemory = "out of memory"

// words says the bound for people.
func (b bound) words() string {
	return fmt.Sprintf("a run may use %s of memory here (SIGNALBOX_WORKER_MEMORY)", humanize.IBytes(uint64(b.Bytes))) //nolint:gosec // above 0
}

// make makes the group. Swap does not count as room.
func (b *bound) make() error {
	b.back, _ = ownGroup(groupRoot, groupSelf)
	if err := os.Mkdir(b.Group, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	most := strconv.FormatInt(b.Bytes, 10)
	if err := b.write("memory.max", most); err == nil {
		return errors.Join(optional(b.write("memory.swap.max", "0")), b.write("memory.oom.group", "1"))
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(b.write("memory.limit_in_bytes", most), optional(b.write("memory.memsw.limit_in_bytes", most)))
}

// optional forgives a file that is missing: not every kernel accounts for swap.
func optional(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (b *bound) write(file, text string) error {
	f, err := os.OpenFile(filepath.Join(b.Group, file), os.O_WRONLY, 0) // never one that is not there
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// around calls start in the group, so that what it starts is bounded from its first instruction, and comes back.
func (b *bound) around(start func() error) error {
	if err := b.make(); err != nil {
		return err
	}
	if err := enter(b.Group); err != nil {
		return err
	}
	return errors.Join(start(), enter(b.back))
}

// take makes the group and moves a process into it.
func (b *bound) take(pid int) error {
	if err := b.make(); err != nil {
		return err
	}
	return b.write("cgroup.procs", strconv.Itoa(pid))
}

// blame says of an end that memory was short: of the process itself, or of one that it started.
func (b *bound) blame(s status) status {
	if s.ExitCode == nil {
		s.Signal = outOfMemory
	}
	s.Reason = s.end().String()
	if s.ExitCode != nil {
		s.Reason += ", after a process of it was killed by signal: " + outOfMemory
	}
	s.Reason += ": " + b.words()
	return s
}

// enter moves this process into a group.
func enter(group string) error {
	return (&bound{Group: group}).write("cgroup.procs", strconv.Itoa(os.Getpid()))
}

// kills counts the processes of the group that were killed for lack of memory.
func (b *bound) kills() int64 {
	for _, file := range []string{"memory.events", "memory.oom_control"} {
		if n, ok := readOOM(filepath.Join(b.Group, file)); ok {
			return n
		}
	}
	return 0
}

// remove removes the group. The kernel may need a moment after the last process is gone.
func (b *bound) remove() (err error) {
	for range 20 {
		if err = os.Remove(b.Group); !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return optional(err)
}

// bounds makes the names of the groups of one worker's runs.
type bounds struct {
	home   string // the group above them
	prefix string
	bytes  int64
}

// openBounds finds or makes the place for the groups of a worker, tries it, and removes what was left there. The error
// says why memory cannot be bounded here.
func openBounds(worker string, bytes int64) (*bounds, error) {
	home, err := groupHome(groupRoot, groupSelf)
	if err != nil {
		return nil, err
	}
	b := &bounds{home: home, prefix: "signalbox-" + sb.SafeElement(worker) + "-", bytes: bytes}
	b.prefix = b.prefix[:min(len(b.prefix), 120)]
	try := b.of("try")
	if err := errors.Join(try.make(), try.remove()); err != nil {
		return nil, err
	}
	b.sweep()
	return b, nil
}

// of is the group of a run's attempt.
func (b *bounds) of(name string) *bound {
	return &bound{Group: filepath.Join(b.home, b.prefix+name), Bytes: b.bytes}
}

// sweep removes groups that killed shims left. One with processes in it cannot be removed, and has a shim that will.
func (b *bounds) sweep() {
	left, _ := filepath.Glob(filepath.Join(b.home, b.prefix+"*"))
	for _, group := range left {
		_ = os.Remove(group)
	}
}

// groupHome gives the group below which this process may make groups with a memory bound. In version 2 that takes a
// group of our own: this process moves to one below it, and hands the memory controller down.
func groupHome(root, self string) (string, error) {
	own, err := ownGroup(root, self)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(own, "memory.limit_in_bytes")); err == nil {
		return own, nil // version 1 knows no such rule
	}
	if filepath.Base(own) == workerGroup {
		own = filepath.Dir(own)
	} else if own != root || exists(filepath.Join(own, "cgroup.type")) { // the machine's own root may have both
		leaf := filepath.Join(own, workerGroup)
		if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return "", err
		}
		if err := enter(leaf); err != nil {
			return "", errors.Join(err, os.Remove(leaf))
		}
	}
	if err := (&bound{Group: own}).write("cgroup.subtree_control", "+memory"); err != nil {
		if enter(own) == nil { // back
			_ = os.Remove(filepath.Join(own, workerGroup))
		}
		if errors.Is(err, unix.EBUSY) {
			err = fmt.Errorf("other processes are in the control group %s: the worker needs one of its own, such as a systemd service with Delegate=yes: %w", own, err)
		}
		return "", err
	}
	return own, nil
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// ownGroup is the folder of this process's control group, where the memory controller is.
func ownGroup(root, self string) (string, error) {
	text, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		group := ""
		switch {
		case parts[1] == "":
			group = filepath.Join(root, parts[2])
			if controllers, _ := os.ReadFile(filepath.Join(group, "cgroup.controllers")); !slices.Contains(strings.Fields(string(controllers)), "memory") {
				continue
			}
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			group = filepath.Join(root, "memory", parts[2])
		}
		if group != "" && exists(group) {
			return group, nil
		}
	}
	return "", errors.New("no control group with the memory controller is visible here")
}
