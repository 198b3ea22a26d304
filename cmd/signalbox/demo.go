package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/cli"
	"signalbox/controlplane/config"
	"signalbox/examples"
)

const demoDataset = "demo-images"

// show waits until the process is ready, shows a real run when the demonstration is on, and then says what is where.
// A demonstration that fails is told and ends nothing.
func show(ctx context.Context, c config.Config, url string, inside bool) error {
	if err := ready(ctx, url); err != nil {
		return err
	}
	if c.Demo.On {
		if err := demo(ctx, c, url); err != nil && ctx.Err() == nil {
			cli.Report(os.Stderr, err)
		}
	}
	where(c, url, inside)
	return nil
}

// demo does what a user would do, with the same commands.
func demo(ctx context.Context, c config.Config, url string) error {
	images := c.Path("demo", "images")
	if err := examples.Images(images); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the demonstration's images cannot be written to %s", images)
	}
	steps := [][]string{
		{"plugins", "install", "--builtin", "imagestats", "--overwrite"},
		{"datasets", "create", demoDataset},
		{"runs", "schedule", "@signalbox/imagestats/stats", "--dataset", demoDataset, "--param", "folder=" + images, "--follow"},
	}
	for _, args := range steps {
		say("\n$ signalbox %s", strings.Join(args, " "))
		root := cli.Command(cli.Env{ //nolint:contextcheck // cobra hands each verb its context
			Stdin: strings.NewReader(""), Stdout: os.Stdout, Stderr: os.Stderr, Getenv: func(string) string { return "" },
			DataDir: c.Server.DataDir, Builtin: builtin, Version: version,
		})
		root.SetArgs(append(args, "--url", url))
		err := root.ExecuteContext(ctx)
		if sb.CodeOf(err) == sb.Conflict {
			say("It exists already.")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// where says what listens where, and what has no login.
func where(c config.Config, url string, inside bool) {
	say("\nSignalbox is running.")
	if c.DemoLogin() {
		say("  log in       %s/login (one click, as one of five demonstration users)", url)
	}
	say("  API          %s/api/v1", url)
	say("  API docs     %s/docs", url)
	if inside {
		say("  Temporal     %s (loopback only; it has no login)", c.Temporal.Address)
		if c.Temporal.UIURL != "" {
			say("  Temporal UI  %s (loopback only; it has no login)", c.Temporal.UIURL)
		}
	}
	say("  admin key    %s", c.Path("admin.key"))
	say("  data, log    %s", c.Server.DataDir)
	say("Try: signalbox runs list · signalbox operators list · Ctrl-C ends it.")
}

// ready waits until /readyz says yes.
func ready(ctx context.Context, url string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
