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
	fmt.Printf("The stand-in for Flyte 1 is at %s. It runs nothing: executions end well by themselves; those of operators named broken fail (%s), of those named slow go on until they are stopped (%s).\n",
		url, flytetest.Fail, flytetest.Sleep)
	if err := registerFlyte(ctx, url); err != nil {
		fmt.Printf("It is not registered with Signalbox: %v\n"+again, err)
	}
	fmt.Println("Ctrl-C ends it.")
	<-ctx.Done()
	fmt.Println("\nStopping.")
	return nil
}

// flyteRoutes let operators named broken, such as that of the demonstration, fail, and slow ones go on.
var flyteRoutes = []string{
	"--route", "*/*/broken=" + flytetest.Fail, "--route", "*/*/slow=" + flytetest.Sleep, "--route", "*=" + flytetest.OK,
}

func registerFlyte(ctx context.Context, url string) error {
	to := []string{"--set", "url=" + url, "--set", "project=" + flytetest.Project, "--set", "domain=" + flytetest.Domain}
	if err := settle(ctx, "flyte", "flyte", append(to, flyteRoutes...)); err != nil {
		return err
	}
	probed, err := signalbox(ctx, "orchestrators", "probe", "flyte")
	fmt.Printf("It is the orchestrator flyte:\n%s\nTry: signalbox runs schedule OPERATOR --orchestrator flyte\n", probed)
	return err
}
