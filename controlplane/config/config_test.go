package config

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var update = flag.Bool("update", false, "write the table in docs/configuration.md")

func env(pairs ...string) Lookup {
	set := map[string]string{"HOME": "/home/ana"}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		set[name] = value
	}
	return func(name string) (string, bool) {
		v, ok := set[name]
		return v, ok
	}
}

func load(t *testing.T, pairs ...string) Config {
	t.Helper()
	c, err := Load(env(pairs...))
	require.NoError(t, err)
	return c
}

func TestNoSettingAtAllIsEnough(t *testing.T) {
	t.Parallel()
	c := load(t)
	require.Equal(t, Server{DataDir: "/home/ana/.local/share/signalbox", Listen: "127.0.0.1:8265"}, c.Server)
	require.Equal(t, "127.0.0.1:7233", c.Temporal.Listen)
	require.Equal(t, "127.0.0.1:8233", c.Temporal.UIListen)
	require.True(t, c.Temporal.Names)
	require.Equal(t, "file:///home/ana/.local/share/signalbox/blobs", c.Blobs.LogsURL)
	require.Equal(t, c.Blobs.LogsURL, c.Blobs.BlobsURL)
	require.Equal(t, Words{"PATH", "HOME", "LANG", "TMPDIR"}, c.Worker.Env)
	require.Equal(t, 10*time.Minute, c.Worker.Drain)
	require.Equal(t, sb.DefaultPool, c.Worker.Pool)
	require.Equal(t, "/home/ana/.local/share/signalbox/worker", c.Worker.Dir)
	require.Equal(t, sb.DefaultFence, c.Limits.Fence)
	require.Equal(t, Bytes(100<<20), c.Limits.PluginSize)
	require.Equal(t, logrus.InfoLevel, c.Log.Level)
	require.True(t, c.Demo.On)
}

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	c := load(t, "SIGNALBOX_DATA_DIR=/data", "SIGNALBOX_DEMO=0", "SIGNALBOX_TRUSTED_PROXIES=10.0.0.0/8, ::1",
		"SIGNALBOX_PLUGIN_MAX_SIZE=2GiB", "SIGNALBOX_WORKER_DRAIN=0s", "SIGNALBOX_LOG_LEVEL=warning",
		"SIGNALBOX_DATABASE_URL=postgres://u:p@db/x", "SIGNALBOX_TEMPORAL_TLS_CA=ca.pem",
		"SIGNALBOX_LOGS_URL=s3://b/p?region=eu-west-1", `SIGNALBOX_WORKER_NAME=a "quoted\" name`)
	require.Equal(t, "/data", c.Server.DataDir)
	require.Equal(t, "/data/keyset.json", c.Path("keyset.json"))
	require.False(t, c.Demo.On)
	require.Equal(t, Words{"10.0.0.0/8", "::1"}, c.Server.TrustedProxies)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}, c.Server.Proxies())
	require.Equal(t, Bytes(2<<30), c.Limits.PluginSize)
	require.Zero(t, c.Worker.Drain)
	require.Equal(t, logrus.WarnLevel, c.Log.Level)
	require.Equal(t, "ca.pem", c.Temporal.TLSCA)
	require.Equal(t, "s3://b/p?region=eu-west-1", c.Blobs.BlobsURL)
	require.Equal(t, `a "quoted\" name`, c.Worker.Name)
}

func TestEmptyIsUnsetUnlessItHasAMeaning(t *testing.T) {
	t.Parallel()
	c := load(t, "SIGNALBOX_TEMPORAL_UI_LISTEN=", "SIGNALBOX_WORKER_ENV=", "SIGNALBOX_LISTEN=", "SIGNALBOX_WORKER_DRAIN=",
		"SIGNALBOX_DEMO=", "SIGNALBOX_DATABASE_URL=")
	require.Empty(t, c.Temporal.UIListen, "its pages are off")
	require.Empty(t, c.Worker.Env, "nothing is let through")
	require.Equal(t, "127.0.0.1:8265", c.Server.Listen)
	require.Equal(t, 10*time.Minute, c.Worker.Drain)
	require.True(t, c.Demo.On)
	require.Empty(t, c.Database.URL)
}

func TestTheDataFolder(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	for name, row := range map[string]struct {
		env  []string
		want string
	}{
		"set":                        {[]string{"SIGNALBOX_DATA_DIR=/d", "XDG_DATA_HOME=/x"}, "/d"},
		"set and relative":           {[]string{"SIGNALBOX_DATA_DIR=d"}, filepath.Join(here, "d")},
		"of the account":             {[]string{"XDG_DATA_HOME=/x"}, "/x/signalbox"},
		"a relative one is no place": {[]string{"XDG_DATA_HOME=x"}, "/home/ana/.local/share/signalbox"},
		"no home at all":             {[]string{"HOME="}, filepath.Join(here, "signalbox-data")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, load(t, row.env...).Server.DataDir)
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	bad := []string{
		"SIGNALBOX_LISTEN=here", "SIGNALBOX_PUBLIC_URL=ftp://x", "SIGNALBOX_TRUSTED_PROXIES=proxy",
		"SIGNALBOX_DATABASE_URL=mysql://root:hunter2@db", "SIGNALBOX_TEMPORAL_ADDRESS=nowhere",
		"SIGNALBOX_TEMPORAL_TLS_CERT=cert.pem", "SIGNALBOX_TEMPORAL_LISTEN=0.0.0.0:7233",
		"SIGNALBOX_TEMPORAL_UI_LISTEN=:8233", "SIGNALBOX_LOGS_URL=/var/log", "SIGNALBOX_BLOBS_URL=s3:///x",
		"SIGNALBOX_WORKER_CONCURRENCY=many", "SIGNALBOX_WORKER_DRAIN=soon", "SIGNALBOX_PLUGIN_MAX_UNPACKED=lots",
		"SIGNALBOX_DEMO=maybe", "SIGNALBOX_LOG_LEVEL=loud", "SIGNALBOX_TEMPORAL_UI_URL=pages",
		"SIGNALBOX_KEYSET=vault://hunter2",
	}
	_, err := Load(env(bad...))
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sb.Invalid, e.Code)
	for _, pair := range bad {
		name, _, _ := strings.Cut(pair, "=")
		require.Truef(t, hasFault(e.Faults, name), "%s", name)
		require.Contains(t, e.Message, name)
	}
	require.Len(t, e.Faults, len(bad))
	require.NotContains(t, err.Error(), "hunter2")
}

func hasFault(faults []sb.Fault, name string) bool {
	for _, f := range faults {
		if f.Location == name {
			return true
		}
	}
	return false
}

func TestWorkerSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{
		"SIGNALBOX_WORKER_CONCURRENCY=0", "SIGNALBOX_WORKER_DRAIN=-1s", "SIGNALBOX_POOL=GPU!", "SIGNALBOX_WORKER_NAME=a\nb", "SIGNALBOX_UV=/opt/uv",
		"SIGNALBOX_PLUGIN_MAX_SIZE=0", "SIGNALBOX_PLUGIN_MAX_UNPACKED=99999999999GiB", "SIGNALBOX_FENCE=1s", "SIGNALBOX_PLUGIN_MAX_FILES=0",
	} {
		name, _, _ := strings.Cut(pair, "=")
		_, err := Load(env(pair))
		require.ErrorContains(t, err, name)
	}
}

// TestTheTableInTheDocsIsTrue compares docs/configuration.md with the structs. `make generate` writes it.
func TestTheTableInTheDocsIsTrue(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/configuration.md", "<!-- settings -->\n", "<!-- end of settings -->"
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(content), begin)
	require.True(t, ok)
	table, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := settings()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o644))
		return
	}
	require.Equal(t, want, table, "run make generate")
}

// settings writes the sections as Markdown tables.
func settings() string {
	var out strings.Builder
	var c Config
	for _, s := range c.sections() {
		kind := reflect.TypeOf(s).Elem()
		out.WriteString("\n### " + kind.Name() + "\n\n| name | default | meaning |\n|---|---|---|\n")
		for i := range kind.NumField() {
			tag := kind.Field(i).Tag
			shown := tag.Get("shown")
			if d := tag.Get("default"); d != "" {
				shown = "`" + d + "`"
			}
			if shown == "" {
				shown = "none"
			}
			out.WriteString("| `" + tag.Get("envconfig") + "` | " + shown + " | " + tag.Get("desc") + " |\n")
		}
	}
	return out.String() + "\n"
}
