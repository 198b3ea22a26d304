package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhereEverybodyMayBeADemonstrationUser(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		env  []string
		want bool
	}{
		"on this machine":                       {nil, true},
		"on this machine, by its IPv6 address":  {[]string{"SIGNALBOX_LISTEN=[::1]:8265"}, true},
		"without a demonstration":               {[]string{"SIGNALBOX_DEMO=0", "SIGNALBOX_DEMO_LOGIN=1"}, false},
		"on all addresses":                      {[]string{"SIGNALBOX_LISTEN=:8265"}, false},
		"on an address that others reach":       {[]string{"SIGNALBOX_LISTEN=192.0.2.1:8265"}, false},
		"there, said explicitly":                {[]string{"SIGNALBOX_LISTEN=192.0.2.1:8265", "SIGNALBOX_DEMO_LOGIN=1"}, true},
		"behind a proxy with a name":            {[]string{"SIGNALBOX_DEV_HOSTS=lab.example.org"}, false},
		"behind a proxy with a public address":  {[]string{"SIGNALBOX_PUBLIC_URL=https://lab.example.org"}, false},
		"with a public address of this machine": {[]string{"SIGNALBOX_PUBLIC_URL=http://localhost:8265"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, load(t, row.env...).DemoLogin())
		})
	}
}

func TestTheNamesOfDev(t *testing.T) {
	t.Parallel()
	c := load(t, "SIGNALBOX_DEV_HOSTS=Lab.example.org other", "SIGNALBOX_PUBLIC_URL=https://Public.example.org:8443")
	require.Equal(t, []string{"localhost", "127.0.0.1", "::1", "lab.example.org", "other", "192.0.2.1", "public.example.org"}, c.DevHosts("http://192.0.2.1:8265"))
}

func TestLoginSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"SIGNALBOX_SESSION_IDLE=1s", "SIGNALBOX_SESSION_MAX=1h", "SIGNALBOX_DEV_HOSTS=http://x", "SIGNALBOX_TLS_CERT=cert.pem"} {
		_, err := Load(env(pair))
		require.Error(t, err, pair)
	}
}
