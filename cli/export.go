package cli

import (
	"cmp"
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

// exporter keeps a folder of plugins in step with the server's.
type exporter struct {
	*app
	api   *client.Client
	shelf *shelf
}

// exported is what changed in the folder by one plugin.
type exported struct {
	Plugin   string `json:"plugin"`
	Version  string `json:"version,omitempty"`
	Revision int    `json:"revision,omitempty"`
	Removed  bool   `json:"removed"`
}

const (
	exportEvery = 5 * time.Second
	exportMost  = time.Minute // between two looks at a server that does not answer
)

func (a *app) export() *cobra.Command {
	var watch bool
	var every time.Duration
	cmd := a.verb("export FOLDER", "Write the enabled plugins into a folder for FiftyOne Apps (FIFTYONE_PLUGINS_DIR)", needs("FOLDER"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			if every <= 0 {
				return misuse(cmd, "--every must be more than nothing, not %s", every)
			}
			folder, err := openShelf(args[0])
			if err != nil {
				return err
			}
			defer folder.close()
			e := exporter{a, api, folder}
			if watch {
				return e.watch(cmd.Context(), every)
			}
			return e.once(cmd.Context())
		})
	cmd.Long = "Writes every enabled plugin at its current revision into a folder, where an App with FIFTYONE_PLUGINS_DIR finds it.\n" +
		"Each is replaced in one step; those that were disabled or uninstalled disappear, and whatever else is in the folder stays.\n" +
		"With --watch it goes on, also while the server does not answer, until it is interrupted or the key is refused.\n" +
		"An admin's key is needed, as for everything about plugins."
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, and follow what changes")
	cmd.Flags().DurationVar(&every, "every", exportEvery, "with --watch: how often to look")
	return cmd
}

// once brings the folder in step. What is wrong with single plugins keeps none of the others away.
func (e exporter) once(ctx context.Context) error {
	there, faults, err := e.pass(ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return sb.Faulty("Not all plugins could be exported.", faults...)
	}
	return e.done(nil, "%s has %s.", e.shelf.dir, count(there, "plugin"))
}

// watch brings the folder in step again and again. It tells what keeps it from that when that changes.
func (e exporter) watch(ctx context.Context, every time.Duration) error {
	said, wait := "", every
	for {
		_, faults, err := e.pass(ctx)
		if code := sb.CodeOf(err); code == sb.Unauthenticated || code == sb.Forbidden {
			return err
		}
		if wait = min(2*wait, max(exportMost, every)); err == nil {
			wait = every
		}
		if now := trouble(faults, err); now != said && ctx.Err() == nil {
			if err := e.done(nil, "%s", cmp.Or(now, "All is well again.")); err != nil {
				return err
			}
			said = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// trouble is what is wrong, in one line.
func trouble(faults []sb.Fault, err error) string {
	text := sb.MessageOf(err)
	for _, f := range faults {
		text += f.Location + ": " + f.Message + ". "
	}
	return strings.TrimSpace(text)
}

// pass brings the folder in step once: how many plugins are there, and what is wrong with others. When the server does not
// answer nothing is changed.
func (e exporter) pass(ctx context.Context) (there int, faults []sb.Fault, err error) {
	links, err := e.shelf.links()
	if err != nil {
		return 0, nil, err
	}
	if err := e.shelf.tidy(links); err != nil {
		return 0, nil, err
	}
	wanted, err := e.enabled(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range wanted {
		delete(links, placeOf(p.Name))
		if err := e.put(ctx, p); err != nil {
			faults = append(faults, sb.Fault{Location: p.Name, Message: sb.MessageOf(err)})
			continue
		}
		there++
	}
	for place := range links {
		if err := e.remove(place); err != nil {
			return there, faults, err
		}
	}
	return there, faults, nil
}

// ownOfFiftyOne are plugins that each App has from FiftyOne itself, in whose place it would take one of the same name.
var ownOfFiftyOne = map[string]bool{"@voxel51/operators": true, "@voxel51/panels": true}

func (e exporter) enabled(ctx context.Context) ([]client.Plugin, error) {
	var wanted []client.Plugin
	for p, err := range client.All(ctx, client.Paging{Limit: sb.MaxLimit}, e.api.Plugins.List) {
		if err != nil {
			return nil, err
		}
		if p.Enabled && !ownOfFiftyOne[p.Name] {
			wanted = append(wanted, p)
		}
	}
	return wanted, nil
}

func (e exporter) put(ctx context.Context, p client.Plugin) error {
	changed, err := e.shelf.put(p, func(w io.Writer) error { return e.api.Plugins.Archive(ctx, p.ID, w) })
	if err != nil || !changed {
		return err
	}
	return e.tell(exported{Plugin: p.Name, Version: p.Version, Revision: p.Revision})
}

func (e exporter) remove(place string) error {
	if err := e.shelf.remove(place); err != nil {
		return err
	}
	return e.tell(exported{Plugin: place, Removed: true})
}

func (e exporter) tell(x exported) error {
	switch {
	case e.json():
		return e.writeJSON(x)
	case x.Removed:
		return e.done(nil, "Removed %s.", x.Plugin)
	default:
		return e.done(nil, "Wrote %s, revision %d.", strings.TrimSpace(x.Plugin+" "+x.Version), x.Revision)
	}
}
