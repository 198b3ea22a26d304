package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

func (a *app) runLogs() *cobra.Command {
	var follow bool
	cmd := a.verb("logs RUN", "Show a run's log", needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		if follow {
			return a.followLog(cmd, api, args[0])
		}
		log, err := api.Runs.Logs(cmd.Context(), args[0])
		switch {
		case err != nil:
			return err
		case a.json():
			return a.writeJSON(log)
		case log.DownloadOnly:
			return a.rawLog(cmd.Context(), api, args[0], log.Size)
		default:
			return a.writeLines(log.Entries)
		}
	})
	cmd.Long = "Shows a run's log. One over 1 MiB is shown as the text it is; `runs download` saves it."
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "stay, and show new lines until the log is complete")
	return cmd
}

func (a *app) rawLog(ctx context.Context, api *client.Client, id string, size int64) error {
	if _, err := fmt.Fprintf(a.Stderr, "The log has %s; this is its text.\n", humanize.IBytes(uint64(max(size, 0)))); err != nil {
		return err
	}
	_, err := api.Runs.Download(ctx, id, a.Stdout, 0)
	return err
}

func (a *app) followLog(cmd *cobra.Command, api *client.Client, id string) error {
	if a.json() {
		return misuse(cmd, "-o json is one document, and a log that is followed has no end; leave one of the two out")
	}
	return api.Runs.StreamLogs(cmd.Context(), id, a.writeLines)
}

func (a *app) writeLines(lines []sb.Line) error {
	p := a.paint(a.Stdout)
	for _, l := range lines {
		if _, err := io.WriteString(a.Stdout, p.logLine(l)); err != nil {
			return sb.Wrap(err, sb.Invalid, "the log cannot be written")
		}
	}
	return nil
}

func (a *app) runDownload() *cobra.Command {
	var out string
	var resume bool
	cmd := a.verb("download RUN", "Save a run's whole log, of any size", needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		if out == "" {
			out = args[0] + ".log"
		}
		if resume {
			return a.resume(cmd, api, args[0], out)
		}
		return a.save(out, func(w io.Writer) error {
			_, err := api.Runs.Download(cmd.Context(), args[0], w, 0)
			return err
		})
	})
	cmd.Flags().StringVarP(&out, "file", "O", "", "where to (else RUN.log); - is standard output")
	cmd.Flags().BoolVar(&resume, "continue", false, "add to a file what it does not have yet")
	return cmd
}

// resume adds to a file what a log has beyond the file's size: the rest of a broken download, or what a running log
// has got since.
func (a *app) resume(cmd *cobra.Command, api *client.Client, id, file string) error {
	if file == "-" {
		return misuse(cmd, "--continue needs a file")
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return sb.Errorf(sb.Invalid, "the folder of %s does not exist", file)
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be written", file)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return sb.Wrap(err, sb.Invalid, "%s cannot be read", file)
	}
	n, err := api.Runs.Download(cmd.Context(), id, f, info.Size())
	if closed := f.Close(); err == nil && closed != nil {
		err = sb.Wrap(closed, sb.Invalid, "%s cannot be written", file)
	}
	return a.done(err, "%s added to %s.", humanize.IBytes(uint64(max(n, 0))), file)
}
