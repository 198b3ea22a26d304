package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is docs/benchmarks.md.
type report struct {
	machine  []string
	quick    bool
	sections []section
}

// section is what one part has measured.
type section struct {
	title   string
	text    string // what was done, for readers
	rows    []row
	details []table
}

// row is one promise and what was measured of it.
type row struct {
	what, target, measured string
	met                    *bool // nil: there is no target
}

// table is more than the promises ask for.
type table struct {
	title string
	head  []string
	rows  [][]string
}

func met(ok bool) *bool { return &ok }

// atMost is a row with a time that should not be exceeded.
func atMost(what string, got, want time.Duration) row {
	return row{what, "≤ " + short(want), short(got), met(got <= want)}
}

func (r report) String() string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nWritten by `make bench`; each part says what it does. Where Signalbox is compared with *bare* Temporal, both were\n" +
		"measured in turns in the same run on the same server process, so the ratio holds better than the times do.\n\n## Machine\n\n")
	for _, m := range r.machine {
		b.WriteString("- " + m + "\n")
	}
	if r.quick {
		b.WriteString("- A quick run: too little was measured to rely on.\n")
	}
	b.WriteString("\n")
	for _, s := range r.sections {
		b.WriteString(s.String())
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (s section) String() string {
	var b strings.Builder
	b.WriteString("## " + s.title + "\n\n" + s.text + "\n\n")
	rows := make([][]string, len(s.rows))
	for i, r := range s.rows {
		verdict := ""
		if r.met != nil {
			verdict = map[bool]string{true: "met", false: "**missed**"}[*r.met]
		}
		rows[i] = []string{r.what, r.target, r.measured, verdict}
	}
	writeTable(&b, []string{"what", "target", "measured", "verdict"}, rows)
	for _, t := range s.details {
		b.WriteString("### " + t.title + "\n\n")
		writeTable(&b, t.head, t.rows)
	}
	return b.String()
}

func writeTable(b *strings.Builder, head []string, rows [][]string) {
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	b.WriteString("\n")
}

// times are measured durations.
type times []time.Duration

// at gives a quantile: the smallest that this share of all does not exceed.
func (t times) at(share float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func (t times) p50() time.Duration { return t.at(0.50) }
func (t times) p99() time.Duration { return t.at(0.99) }

func (t times) String() string {
	return fmt.Sprintf("p50 %s, p99 %s (%d)", short(t.p50()), short(t.p99()), len(t))
}

// short writes a duration with three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// machine describes where the figures come from.
func machine(ctx context.Context, bin string) []string {
	version, _ := exec.CommandContext(ctx, bin, "version").Output()
	lines := []string{
		fmt.Sprintf("%s, %d cores, %s of memory", field("/proc/cpuinfo", "model name"), runtime.NumCPU(), field("/proc/meminfo", "MemTotal")),
		fmt.Sprintf("%s/%s, Linux %s, %s", runtime.GOOS, runtime.GOARCH, firstLine("/proc/sys/kernel/osrelease"), runtime.Version()),
		"temporary files on " + fileSystem(ctx),
		"`" + strings.TrimSpace(string(version)) + "`, " + time.Now().UTC().Format("2006-01-02"),
	}
	if load := strings.Fields(firstLine("/proc/loadavg")); len(load) > 0 {
		lines = append(lines, "load before the run: "+load[0]+" (on a busy machine the times say little)")
	}
	return lines
}

// field reads the first `name: value` of a file of /proc.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func fileSystem(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "stat", "-f", "-c", "%T", os.TempDir()).Output()
	if err != nil {
		return "an unknown file system"
	}
	return strings.TrimSpace(string(out))
}
