package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func auditCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "audit", "Who did what")
	cmd.AddCommand(a.auditList(), a.auditExport())
	return cmd
}

// auditFilter are the flags that say which entries are meant.
type auditFilter struct {
	client.AuditFilter
	outcome, since, until string
}

func (f *auditFilter) flags(cmd *cobra.Command) *cobra.Command {
	flags := cmd.Flags()
	flags.StringVar(&f.Actor, "actor", "", "id of who did it")
	flags.StringVar(&f.Action, "action", "", "such as dataset.create, or dataset for all that was done to datasets")
	flags.StringVar(&f.Object, "object", "", "id of what it was done to")
	flags.StringVar(&f.outcome, "outcome", "", "done or refused")
	flags.StringVar(&f.since, "since", "", "this time and later: 24h, 2026-05-01 or 2026-05-01T12:00:00Z")
	flags.StringVar(&f.until, "until", "", "before this time, written alike")
	fixed(cmd, "outcome", string(sb.AuditDone), string(sb.AuditRefused))
	return cmd
}

// read checks the flags against the clock.
func (f *auditFilter) read(cmd *cobra.Command, now time.Time) (client.AuditFilter, error) {
	f.Outcome = sb.AuditOutcome(f.outcome)
	for _, flag := range []struct {
		name, text string
		to         *time.Time
	}{{"since", f.since, &f.Since}, {"until", f.until, &f.Until}} {
		if flag.text == "" {
			continue
		}
		t, ok := readTime(flag.text, now)
		if !ok {
			return f.AuditFilter, misuse(cmd, "--%s is how long ago, such as 24h, or a time such as 2026-05-01T12:00:00Z, not %q", flag.name, flag.text)
		}
		*flag.to = t
	}
	return f.AuditFilter, nil
}

// readTime reads how long ago something was, a day in UTC, or a time.
func readTime(text string, now time.Time) (time.Time, bool) {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), true
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (a *app) auditList() *cobra.Command {
	var p paging
	var f auditFilter
	return f.flags(p.flags(a.verb("list", "List who did what, newest first", needs(), func(cmd *cobra.Command, api *client.Client, _ []string) error {
		filter, err := f.read(cmd, a.Now())
		if err != nil {
			return err
		}
		page := func(ctx context.Context, p client.Paging) (client.Page[client.AuditEntry], error) {
			return api.Audit.List(ctx, filter, p)
		}
		return list(cmd, a, p, "Nothing of this kind was done.", page, []column[client.AuditEntry]{
			{"when", func(e client.AuditEntry) string { return a.ago(e.At) }},
			{"who", func(e client.AuditEntry) string { return printable(deref(e.Actor).Name) }},
			{"did", func(e client.AuditEntry) string { return printable(e.Action) }},
			{"to", func(e client.AuditEntry) string { return auditObject(e.Object) }},
			{"outcome", auditOutcome},
			{"from", func(e client.AuditEntry) string { return printable(e.Address) }},
			{"detail", func(e client.AuditEntry) string { return cell(e.Detail) }},
		})
	})))
}

func auditObject(o *client.AuditObject) string {
	if o == nil {
		return ""
	}
	name := o.Name
	if name == "" {
		name = o.ID
	}
	return printable(strings.TrimSpace(o.Kind + " " + name))
}

func auditOutcome(e client.AuditEntry) string {
	if e.Count > 1 {
		return string(e.Outcome) + " " + strconv.FormatInt(e.Count, 10) + " times"
	}
	return string(e.Outcome)
}

func (a *app) auditExport() *cobra.Command {
	var f auditFilter
	return f.flags(a.verb("export FILE|-", "Write the audit log to a file, one JSON object a line", needs("FILE|-"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			filter, err := f.read(cmd, a.Now())
			if err != nil {
				return err
			}
			return a.save(args[0], func(w io.Writer) error { return api.Audit.Export(cmd.Context(), filter, w) })
		}))
}

func doctorCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "doctor", "Whether all is well with a server, and what to do if not")
	cmd.RunE = a.verb("doctor", "", nil, func(cmd *cobra.Command, api *client.Client, _ []string) error {
		return a.health(api.Audit.Doctor(cmd.Context(), false, ""))
	}).RunE
	cmd.AddCommand(a.doctorAudit())
	return cmd
}

func (a *app) doctorAudit() *cobra.Command {
	var head string
	cmd := a.verb("audit", "Read the whole audit log and find what was removed, changed or cut off", needs(),
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			return a.health(api.Audit.Doctor(cmd.Context(), true, head))
		})
	cmd.Long = "Reads the whole audit log and finds an entry that was removed or changed. With a head that was kept elsewhere\n" +
		"(the server logs one every ten minutes, and shows it as the metric signalbox_audit_head) it also finds what was\n" +
		"cut off at the end."
	cmd.Flags().StringVar(&head, "head", "", "a head from elsewhere: place:mac")
	return cmd
}

// health shows what is well and what is not; then the command fails.
func (a *app) health(h client.Health, err error) error {
	if err != nil {
		return err
	}
	if a.json() {
		err = a.writeJSON(h)
	} else {
		err = a.checks(h.Checks)
	}
	if err == nil && !h.OK {
		return exit(exitFailed)
	}
	return err
}

func (a *app) checks(checks []client.Check) error {
	p := a.paint(a.Stdout)
	for _, c := range checks {
		state := p.in(green, "ok  ")
		if !c.OK {
			state = p.in(red, "BAD ")
		}
		if _, err := fmt.Fprintf(a.Stdout, "%s %s: %s\n", state, printable(c.Name), printable(c.Detail)); err != nil {
			return err
		}
		if c.Fix == "" {
			continue
		}
		if _, err := fmt.Fprintf(a.Stdout, "     %s\n", printable(c.Fix)); err != nil {
			return err
		}
	}
	return nil
}
