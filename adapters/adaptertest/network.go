package adaptertest

import (
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Network is a way to an orchestrator that can be made bad.
type Network struct {
	URL   string // to be called instead of the orchestrator's
	proxy *toxiproxy.Proxy
}

// NewNetwork makes a way to a server on this machine. It ends with the test.
func NewNetwork(t *testing.T, url string) Network {
	t.Helper()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "network", "127.0.0.1:0", strings.TrimPrefix(url, "http://"))
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return Network{"http://" + p.Listen, p}
}

// Bad adds a trouble.
func (n Network) Bad(t *testing.T, trouble Trouble) {
	t.Helper()
	_, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": %s}`, trouble[0], trouble[1], trouble[2])))
	require.NoError(t, err)
}

// Well ends all troubles.
func (n Network) Well(t *testing.T) {
	t.Helper()
	n.proxy.Toxics.ResetToxics(t.Context())
}

// Trouble is what happens to what goes through a network: kind, direction and attributes of a toxic.
type Trouble [3]string

// NeverAnswered leaves the connection open and lets nothing come back.
var NeverAnswered = Trouble{"timeout", "downstream", `{"timeout": 0}`}

// Troubles are those that an adapter gets over: a call succeeds or says to try again, nothing is called gone or ended, and
// what is submitted starts once.
var Troubles = map[string]Trouble{
	"the answer is lost":               {"timeout", "downstream", `{"timeout": 20}`},
	"the question is lost":             {"timeout", "upstream", `{"timeout": 20}`},
	"the connection is reset":          {"reset_peer", "downstream", `{"timeout": 0}`},
	"it is reset before it is sent":    {"reset_peer", "upstream", `{"timeout": 0}`},
	"the answer breaks off in a head":  {"limit_data", "downstream", `{"bytes": 20}`},
	"the answer breaks off in a body":  {"limit_data", "downstream", `{"bytes": 400}`},
	"the question breaks off":          {"limit_data", "upstream", `{"bytes": 300}`},
	"a line of a few bytes a second":   {"bandwidth", "downstream", `{"rate": 4}`},
	"bytes come slowly":                {"slicer", "downstream", `{"average_size": 100, "size_variation": 50, "delay": 100}`},
	"everything is late":               {"latency", "downstream", `{"latency": 50, "jitter": 20}`},
	"the connection stays open for it": {"slow_close", "downstream", `{"delay": 20}`},
}
