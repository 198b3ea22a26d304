// Package logplaces knows where the logs of others may be read: below the roots that an orchestrator's config lists, never in
// our own stores, and only what names the run. It finds a log there with what rotation made of it, unpacks it, and bounds what
// that can be.
package logplaces

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	sb "signalbox"
)

// Options are settings of Places; zero ones take their defaults.
type Options struct {
	Own   []sb.LogRoot                // where our own objects and files lie
	Check func(root sb.LogRoot) error // what is wrong with how a root is reached; default nothing
	Most  int64                       // bytes of a log, unpacked; MaxLog
}

// Places reads logs where others keep them. It is safe for use by several goroutines.
type Places struct {
	foreign sb.ForeignBlobs
	opts    Options
}

// New makes Places.
func New(foreign sb.ForeignBlobs, opts Options) *Places {
	if opts.Check == nil {
		opts.Check = func(sb.LogRoot) error { return nil }
	}
	for _, own := range slices.Clone(opts.Own) { // Google's storage also speaks S3: one bucket, two schemes
		if other := map[string]string{"s3": "gs", "gs": "s3"}[own.Scheme]; other != "" {
			own.Scheme = other
			opts.Own = append(slices.Clip(opts.Own), own)
		}
	}
	if opts.Most <= 0 {
		opts.Most = sb.MaxLog
	}
	return &Places{foreign: foreign, opts: opts}
}

// Faults lists what is wrong with the log settings of a config.
func (p *Places) Faults(config json.RawMessage) []sb.Fault {
	settings, faults := sb.ReadLogSettings(config)
	for _, root := range settings.Roots {
		if wrong := p.badRoot(root); wrong != "" {
			faults = append(faults, sb.Fault{Location: "config.log_roots", Message: wrong, Value: root.String()})
		}
	}
	return faults
}

func (p *Places) badRoot(root sb.LogRoot) string {
	if err := p.opts.Check(root); err != nil {
		return sb.MessageOf(err)
	}
	for _, own := range p.opts.Own {
		if root.Within(own) {
			return "lies in a store of Signalbox's own, where no logs of others are read"
		}
	}
	return ""
}

// Probe tells of each root whether it can be read.
func (p *Places) Probe(ctx context.Context, config json.RawMessage) []sb.Check {
	settings, _ := sb.ReadLogSettings(config)
	var checks []sb.Check
	for _, root := range settings.Roots {
		c := sb.Check{Name: "log root " + root.String(), OK: true, Detail: "readable"}
		if err := p.foreign.Readable(ctx, root); err != nil {
			c.OK, c.Detail, c.Fix = false, sb.MessageOf(err), fixOf(root, err)
		}
		checks = append(checks, c)
	}
	return checks
}

func fixOf(root sb.LogRoot, err error) string {
	who := "the identity of the Signalbox server (its environment's, as for SIGNALBOX_LOGS_URL)"
	switch code := sb.CodeOf(err); {
	case code == sb.NotFound && root.Scheme == "file":
		return "Mount the folder on every machine of the control plane, at this path."
	case code == sb.NotFound:
		return "Correct the bucket's name, region or endpoint in log_roots."
	case code == sb.Forbidden && root.Scheme == "file":
		return "Let the account that Signalbox runs as read the folder and what is in it."
	case code == sb.Forbidden:
		return "Let " + who + " list the bucket and get its objects."
	case code == sb.Invalid:
		return "Correct log_roots in the orchestrator's config."
	}
	return "Check region, endpoint and network, and that there are credentials for " + who + "."
}

// Check tells why a log may not be read at the place that a process of a run says; attempt is what its attempt is called
// there, "" when that is not known any more. Errors: Invalid, with what to do.
func (p *Places) Check(o sb.Orchestrator, run sb.Run, attempt, uri string) error {
	place, err := p.known(o, uri)
	if err != nil {
		return err
	}
	names := slices.DeleteFunc([]string{attempt, run.ID, strings.ToLower(run.ID)}, func(n string) bool { return n == "" })
	route, _ := o.RouteTo(run.Operator, run.Target)
	if !route.AnyLogPath && !place.Names(names...) {
		return sb.Errorf(sb.Invalid, "the place of the log names neither this attempt nor its run: an element of the path must be %s, "+
			"or key=%s; or an admin sets any_log_path on the route", strings.Join(names, " or "), names[0])
	}
	return nil
}

// Reported opens the log at a place that Check let pass: it must still lie where logs may be read. Errors as of Open.
func (p *Places) Reported(ctx context.Context, o sb.Orchestrator, uri string) (sb.ForeignLog, error) {
	place, err := p.known(o, uri)
	if err != nil {
		return sb.ForeignLog{}, err
	}
	return p.Open(ctx, place)
}

func (p *Places) known(o sb.Orchestrator, uri string) (sb.LogPlace, error) {
	settings, _ := sb.ReadLogSettings(o.Config)
	if len(settings.Roots) == 0 {
		return sb.LogPlace{}, sb.Errorf(sb.Invalid, "this orchestrator has no log_roots, so no log can be read elsewhere; send the log with POST /work/{run}/logs, or have an admin list log_roots")
	}
	place, err := sb.ParseLogPlace(uri, settings.Roots)
	if err != nil {
		return place, err
	}
	return place, p.notOurs(place)
}

func (p *Places) notOurs(place sb.LogPlace) error {
	for _, own := range p.opts.Own {
		if place.In(own) {
			return sb.Errorf(sb.Invalid, "the place of the log lies in a store of Signalbox's own, where no logs of others are read")
		}
	}
	return nil
}

// Templated finds the log of a part's try below the first root that has it. Errors: NotFound (no root has it, or there is no
// template), Forbidden, Invalid, TooLarge, Unavailable: of the first root that cannot be asked, if none has it.
func (p *Places) Templated(ctx context.Context, o sb.Orchestrator, at sb.Place, source string, try int) (sb.ForeignLog, error) {
	settings, _ := sb.ReadLogSettings(o.Config)
	var trouble error
	for _, place := range settings.Templated(at, source, try) {
		err := p.notOurs(place)
		if err == nil {
			var log sb.ForeignLog
			if log, err = p.Open(ctx, place); err == nil {
				return log, nil
			}
		}
		if sb.CodeOf(trouble) == "" || sb.CodeOf(trouble) == sb.NotFound {
			trouble = err
		}
	}
	if trouble == nil {
		trouble = sb.Errorf(sb.NotFound, "the orchestrator's config has no log_template")
	}
	return sb.ForeignLog{}, trouble
}
