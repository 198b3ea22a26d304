// Package freeport finds ports for servers that are opened later, or by another program.
//
// Listening on port 0 gives such a port too, but one from those that the system also gives to outgoing connections:
// before its server opens it, or while that is started again, a connection may have it.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
)

// Linux gives ports from 32768 up to outgoing connections, macOS and Windows from 49152.
const (
	lowest  = 20000
	highest = 32767
	stride  = 8
)

// Loopback is the address of this machine for itself.
var Loopback = net.IPv4(127, 0, 0, 1)

var (
	first = rand.Int64N(highest - lowest)
	turn  atomic.Int64
)

// Find gives a port on which nobody listens at ip. Each call in a process gives another one, and leaves a few behind
// it for Next. Errors are those of listening, for example at an address of another machine.
func Find(ip net.IP) (int, error) {
	at := (first + turn.Add(1)*stride) % (highest - lowest)
	return Next(ip, lowest+int(at))
}

// Next gives the first port above the given one on which nobody listens at ip. Errors are those of Find.
func Next(ip net.IP, above int) (int, error) {
	for port := above + 1; ; port++ {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: port})
		if err == nil {
			return port, l.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, err
		}
	}
}
