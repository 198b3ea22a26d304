package realtest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"signalbox/internal/freeport"
)

// App starts FiftyOne's App as a server, with more variables in its environment, and gives its address. It ends with the test.
func (f *FiftyOne) App(env ...string) string {
	f.t.Helper()
	port, err := freeport.Find(freeport.Loopback)
	must(f.t, err)
	said := filepath.Join(f.home, fmt.Sprintf("app-%d.log", port))
	log, err := os.Create(said)
	must(f.t, err)
	defer log.Close()
	c := f.command(context.WithoutCancel(f.t.Context()), "-m", "fiftyone.server.main", "--port", fmt.Sprint(port), "--address", "127.0.0.1")
	c.Env, c.Stdout, c.Stderr = append(c.Env, env...), log, log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(f.t, c.Start())
	f.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if f.t.Failed() {
			text, _ := os.ReadFile(said)
			f.t.Logf("the App said:\n%s", text[max(0, len(text)-4000):])
		}
	})
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	must(f.t, await("the App", func() error {
		answer, err := http.Get(url + "/fiftyone")
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	}))
	return url
}
