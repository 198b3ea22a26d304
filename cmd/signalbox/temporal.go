package main

import (
	"context"

	"github.com/spf13/cobra"

	"signalbox/controlplane/config"
	"signalbox/workflows/devserver"
)

func temporalCommand() *cobra.Command {
	return verb("temporal", "Run only the development Temporal server",
		"Runs the Temporal server of `signalbox dev` alone, with its files in the data folder. It has no login: it listens on\n"+
			"loopback only and is meant for development and tests.", func(ctx context.Context, c config.Config) error {
			unlock, err := openFolder(c)
			if err != nil {
				return err
			}
			defer unlock()
			server, err := devserver.Start(ctx, temporalServer(c, newLog(c)))
			if err != nil {
				return err
			}
			say("Temporal listens on %s (it has no login)", server.Addr())
			return serveTemporal(ctx, server)
		})
}
