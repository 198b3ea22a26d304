// Command bench measures what Signalbox promises about speed, memory and leaks, on real processes of bin/signalbox in
// temporary folders, and writes docs/benchmarks.md. What it compares with Temporal alone is measured side by side in
// the same run, so that the ratios say something on any machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings say what is measured, and how much.
type settings struct {
	bin   string // the program
	dir   string // everything of this run lies here
	quick bool
	on    string // the databases that lists are read from
	rows  int    // in the table that lists are read from
	runs  int    // through which leaks are looked for
	burst int    // runs scheduled at once
	logMB int    // size of the large log
	pairs int    // of a run of ours and a bare workflow
	rate  time.Duration
	say   func(format string, args ...any)
}

// part is a group of measurements that can be chosen by its name.
type part struct {
	name  string
	limit time.Duration // after which it is given up
	f     func(context.Context, settings) (section, error)
}

var parts = []part{
	{"latency", 5 * time.Minute, latency},
	{"throughput", 10 * time.Minute, throughput},
	{"burst", 20 * time.Minute, burst},
	{"lists", 40 * time.Minute, lists},
	{"access", 15 * time.Minute, accessing},
	{"logs", 15 * time.Minute, logging},
	{"s3", 20 * time.Minute, collecting},
	{"bridge", 20 * time.Minute, bridge},
	{"serve", 5 * time.Minute, serving},
	{"pages", 20 * time.Minute, browsing},
	{"fiftyone", 25 * time.Minute, fiftyOne},
	{"leaks", 30 * time.Minute, leaks},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the settings with what only the whole run needs.
type options struct {
	settings
	only map[string]bool // empty is all
	out  string
}

func parse(args []string) (options, error) {
	o := options{only: map[string]bool{}}
	var only string
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&only, "only", "", "measure these `parts` only, separated by commas: "+strings.Join(names, ", "))
	f.BoolVar(&o.quick, "quick", false, "measure little of everything, to see that it works")
	f.StringVar(&o.bin, "bin", "bin/signalbox", "the `program` to measure")
	f.StringVar(&o.out, "out", "", "`file` for the report; by default docs/benchmarks.md for a whole run, else none")
	f.StringVar(&o.on, "on", "sqlite,postgres", "the `databases` that lists are read from")
	f.IntVar(&o.rows, "rows", 1_000_000, "rows that lists are read from")
	f.IntVar(&o.runs, "runs", 2_000, "runs through which leaks are looked for; the target is about 10000")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for _, name := range strings.FieldsFunc(only, func(c rune) bool { return c == ',' || c == ' ' }) {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			return o, fmt.Errorf("there is no part %q; there are %s", name, strings.Join(names, ", "))
		}
		o.only[name] = true
	}
	o.burst, o.logMB, o.pairs, o.rate = 5000, 1024, 150, time.Second/20
	if o.quick {
		o.burst, o.logMB, o.pairs = 200, 64, 20
		given := map[string]bool{}
		f.Visit(func(f *flag.Flag) { given[f.Name] = true })
		if !given["rows"] {
			o.rows = 50_000
		}
		if !given["runs"] {
			o.runs = 200
		}
	}
	if o.out == "" && len(o.only) == 0 && !o.quick {
		o.out = "docs/benchmarks.md"
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return err
	}
	if _, err := os.Stat(o.bin); err != nil {
		return fmt.Errorf("%w; `make build` makes the program", err)
	}
	if o.dir, err = os.MkdirTemp("", "signalbox-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(o.dir) }()
	if err := os.Chmod(o.dir, 0o755); err != nil { // Postgres, as nobody, has its folder below
		return err
	}
	began := time.Now()
	o.say = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	r := report{machine: machine(ctx, o.bin), quick: o.quick}
	for _, p := range parts {
		if len(o.only) > 0 && !o.only[p.name] {
			continue
		}
		o.say("%s", p.name)
		s, err := measure(ctx, p, o.settings)
		if s.title != "" { // after an error, what was measured before it
			_, _ = io.WriteString(out, s.String())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		r.sections = append(r.sections, s)
	}
	if o.out == "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(r.String()), 0o644)
}

// measure runs a part within its time, in a folder of its own.
func measure(ctx context.Context, p part, s settings) (section, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	s.dir = filepath.Join(s.dir, p.name)
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return section{}, err
	}
	defer func() { _ = os.RemoveAll(s.dir) }()
	return p.f(ctx, s)
}
