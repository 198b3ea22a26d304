package realtest

import (
	"bufio"
	"context"
	"encoding/json"
	"strings"
	"syscall"
)

// Console gives a Python that has imported FiftyOne once and runs scripts as Script does, one after the other, in the same names. It
// ends with the test.
func (f *FiftyOne) Console() func(to any, source string) {
	f.t.Helper()
	c := f.command(context.WithoutCancel(f.t.Context()), "-c", console)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := c.StdinPipe()
	must(f.t, err)
	out, err := c.StdoutPipe()
	must(f.t, err)
	must(f.t, c.Start())
	f.t.Cleanup(func() {
		_ = in.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	lines := bufio.NewReader(out)
	return func(to any, source string) {
		f.t.Helper()
		must(f.t, json.NewEncoder(in).Encode(source))
		for {
			line, err := lines.ReadString('\n')
			must(f.t, err)
			answer, is := strings.CutPrefix(line, "SAID ")
			if !is {
				continue
			}
			var said struct {
				Said  json.RawMessage
				Error string
			}
			must(f.t, json.Unmarshal([]byte(answer), &said))
			if said.Error != "" {
				f.t.Fatal(said.Error)
			}
			if to != nil {
				must(f.t, json.Unmarshal(said.Said, to))
			}
			return
		}
	}
}

const console = `
import json, sys, traceback
import fiftyone as fo
import fiftyone.operators as foo
out = sys.stdout
names = {"fo": fo, "foo": foo}
for line in sys.stdin:
    answer = {}
    names["say"] = lambda said: answer.update(said=said)
    try:
        exec(json.loads(line), names)
    except Exception:
        answer["error"] = traceback.format_exc()
    print("SAID " + json.dumps(answer, default=str), file=out, flush=True)
`
