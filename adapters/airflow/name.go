package airflow

import (
	"fmt"
	"strconv"
	"strings"

	sb "signalbox"
)

// Name is signalbox-<installation>-<run>-<attempt>: a run id of Airflow, which keeps small and capital letters apart in
// some of its databases only. See sb.Adapter.
func (*Adapter) Name(installation string, ref sb.AttemptRef) string {
	return fmt.Sprintf("%s%s-%d", prefixOf(installation), strings.ToLower(ref.Run), ref.Attempt)
}

// prefixOf is what every name of an installation begins with, so that what is left behind is known to be ours.
func prefixOf(installation string) string { return "signalbox-" + installation + "-" }

// refOf reads which attempt a name stands for.
func refOf(prefix, name string) (sb.AttemptRef, bool) {
	rest, ours := strings.CutPrefix(name, prefix)
	run, attempt, cut := strings.Cut(rest, "-")
	n, err := strconv.Atoi(attempt)
	return sb.AttemptRef{Run: strings.ToUpper(run), Attempt: n}, ours && cut && err == nil
}
