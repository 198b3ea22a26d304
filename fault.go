//go:build !fault

package signalbox

// FaultPoint is a point at which the kill tests end the process; see fault_on.go. Here it does nothing.
func FaultPoint(string) {}
