package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"signalbox/client"
)

// scrubLog blanks out a text, which never stands among the arguments: other accounts of the machine can read these.
func (a *app) scrubLog() *cobra.Command {
	var file string
	cmd := a.verb("scrub RUN", "Blank out a text in a run's log for ever (admins)", needs("RUN"), func(cmd *cobra.Command, api *client.Client, args []string) error {
		text, err := a.secretValue("the text", file)
		if err != nil {
			return err
		}
		places, err := api.Runs.Scrub(cmd.Context(), args[0], text)
		if err != nil {
			return err
		}
		if a.json() {
			return a.writeJSON(map[string]int{"places": places})
		}
		_, err = fmt.Fprintf(a.Stdout, "%d places of the log of run %s are blanked out.\n", places, args[0])
		return err
	})
	cmd.Long = "Blanks out a text in a run's log: as it is, as text in JSON, in URLs and in Base64. The text is asked for, or comes from\n" +
		"standard input or --file. That it was done, by whom and in how many places is in the run's events and in the audit log."
	cmd.Flags().StringVar(&file, "file", "", "file that holds the text")
	return cmd
}
