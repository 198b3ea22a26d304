package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/controlplane/store"
)

func TestThePasswordOfADatabaseIsInNoError(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"nobody listens":           "postgres://signalbox:planted@127.0.0.1:1/x?connect_timeout=1",
		"a URL that is unreadable": "postgres://signalbox:planted@127.0.0.1:port/x",
		"a setting that is none":   "postgres://signalbox:planted@127.0.0.1:1/x?sslmode=planted",
		"a scheme that is none":    "mysql://signalbox:planted@127.0.0.1/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), store.Options{URL: url})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "planted")
		})
	}
}
