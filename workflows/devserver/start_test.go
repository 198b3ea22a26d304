package devserver

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A listener that cannot be opened is a panic of the server's parts.
func TestAPortThatIsTakenAfterItWasLookedAtIsAnErrorAndEndsNoProcess(t *testing.T) {
	t.Parallel()
	s, err := plan(Options{Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	taken, err := net.Listen("tcp", s.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, err = s.start(t.Context())
	require.ErrorContains(t, err, "address already in use")
}
