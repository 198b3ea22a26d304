package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/internal/freeport"
)

func TestPortsThatAreFoundDifferAndAreNoneOfOutgoingConnections(t *testing.T) {
	t.Parallel()
	found := map[int]bool{}
	for range 100 {
		port, err := freeport.Find(freeport.Loopback)
		require.NoError(t, err)
		require.Less(t, port, 32768)
		require.False(t, found[port])
		found[port] = true
	}
}

func TestTheNextPortIsNoneThatIsTaken(t *testing.T) {
	t.Parallel()
	port, err := freeport.Find(freeport.Loopback)
	require.NoError(t, err)
	next, err := freeport.Next(freeport.Loopback, port)
	require.NoError(t, err)
	require.Greater(t, next, port)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(freeport.Loopback.String(), strconv.Itoa(next)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	after, err := freeport.Next(freeport.Loopback, port)
	require.NoError(t, err)
	require.Greater(t, after, next)
}

func TestNoPortIsFree(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ip    net.IP
		above int
	}{
		"at an address of another machine": {net.IPv4(192, 0, 2, 1), 20000}, // for documentation only, RFC 5737
		"above the highest one":            {freeport.Loopback, 65535},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := freeport.Next(test.ip, test.above)
			require.Error(t, err)
		})
	}
}
