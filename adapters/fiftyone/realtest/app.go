package realtest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Plugins is the folder that its Apps and scripts read plugins from.
func (f *FiftyOne) Plugins() string { return f.plugins }

// App starts FiftyOne's App as a server, with more variables in its environment, and gives its address. It ends with the test.
func (f *FiftyOne) App(env ...string) string {
	f.t.Helper()
	port := free(f.t)
	said := filepath.Join(f.home, fmt.Sprintf("app-%d.log", port))
	log, err := os.Create(said)
	must(f.t, err)
	defer log.Close()
	c := exec.Command(f.python, "-m", "fiftyone.server.main", "--port", fmt.Sprint(port), "--address", "127.0.0.1")
	c.Env, c.Dir, c.Stdout, c.Stderr = append(f.environment(), env...), f.home, log, log
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
	await(f.t, "the App", func() error {
		answer, err := http.Get(url + "/fiftyone")
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
	return url
}
