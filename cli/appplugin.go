package cli

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// appPlugin is where Signalbox's own plugin lies in an App's folder; an export never takes a plugin of that name away, for
// it is no link.
const appPlugin = "@signalbox/app"

func (a *app) writeAppPlugin() *cobra.Command {
	cmd := &cobra.Command{
		Use: "app FOLDER", Short: "Write Signalbox's own plugin into the plugins folder of a FiftyOne App", Args: needs("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.App == nil {
				return misuse(cmd, "this program comes without a plugin for Apps")
			}
			dir := filepath.Join(args[0], appPlugin)
			if err := replace(dir, a.App); err != nil {
				return err
			}
			return a.done(nil, "Wrote %s. The App needs SIGNALBOX_URL and SIGNALBOX_API_KEY in its environment.", dir)
		},
	}
	cmd.Long = "Writes the plugin that makes \"Schedule\" offer the orchestrators of Signalbox and shows runs in a panel of the App.\n" +
		"Written again it is upgraded. Neither a server nor a key is needed for that."
	return cmd
}

// replace writes files into a folder. Each file is replaced in one step.
func replace(dir string, files fs.FS) error {
	err := os.MkdirAll(dir, 0o755)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be made", dir)
	}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fresh := filepath.Join(dir, "."+name)
		if err := os.WriteFile(fresh, text, 0o644); err != nil {
			return err
		}
		return os.Rename(fresh, filepath.Join(dir, name))
	})
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be written", dir)
	}
	return nil
}
