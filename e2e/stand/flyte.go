package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"signalbox/adapters/flyte/flytetest"
)

// runFlyte serves the stand-in for Flyte 1 and makes it the orchestrator flyte.
func runFlyte(ctx context.Context, _ string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	server := &http.Server{Handler: flytetest.New(url), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	fmt.Printf("The stand-in for Flyte 1 is at %s. It runs nothing: executions end well by themselves, those of %s fail, those of %s go on until they are stopped.\n",
		url, flytetest.Fail, flytetest.Sleep)
	if err := registerFlyte(ctx, url); err != nil {
		fmt.Printf("It is not registered with Signalbox: %v\nStart `signalbox dev`, and then this again.\n", err)
	}
	fmt.Println("Ctrl-C ends it.")
	<-ctx.Done()
	fmt.Println("\nStopping.")
	return nil
}

func registerFlyte(ctx context.Context, url string) error {
	to := []string{
		"flyte", "--set", "url=" + url, "--set", "project=" + flytetest.Project, "--set", "domain=" + flytetest.Domain,
		"--route", "*/broken=" + flytetest.Fail, "--route", "*=" + flytetest.OK,
	}
	if _, err := signalbox(ctx, append([]string{"orchestrators", "set"}, to...)...); err != nil {
		if _, err := signalbox(ctx, append([]string{"orchestrators", "add", "--kind", "flyte"}, to...)...); err != nil {
			return err
		}
	}
	probed, err := signalbox(ctx, "orchestrators", "probe", "flyte")
	fmt.Printf("It is the orchestrator flyte:\n%s\nTry: signalbox runs schedule OPERATOR --orchestrator flyte\n", probed)
	return err
}
