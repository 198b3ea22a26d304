//go:build fault

package signalbox

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var faultHits atomic.Int64

// FaultPoint ends the process as kill -9 does when SIGNALBOX_FAULT names this point: "admit.after", or "admit.after:3"
// for the third time it is reached. Only binaries of the kill tests, built with the tag fault, do so.
func FaultPoint(point string) {
	want, nth, counted := strings.Cut(os.Getenv("SIGNALBOX_FAULT"), ":") //nolint:forbidigo // test binaries only
	if want != point {
		return
	}
	n, err := strconv.ParseInt(nth, 10, 64)
	if !counted || err != nil {
		n = 1
	}
	if faultHits.Add(1) == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}
