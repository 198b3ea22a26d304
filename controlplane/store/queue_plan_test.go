package store

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// readsOpen are the ways to read runs whose cost is what is open, however many have ended.
var readsOpen = regexp.MustCompile(
	`USING (COVERING )?INDEX (runs_(slot|queue|undispatched)|runs_status_\w+ \(status=\?|runs_operator_updated|sqlite_autoindex_runs_1 \(id=\?)`)

// What is asked again and again costs what is open, however many runs have ended.
func TestTheQueueReadsNoEndedRuns(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	o, err := s.CreateOrchestrator(t.Context(), sb.Orchestrator{Name: "o", Kind: sb.Builtin, Enabled: true, Quota: 1}, nil)
	require.NoError(t, err)
	run := sb.Run{ID: "r", Status: sb.Scheduled, OrchestratorID: o.ID, ScheduledAt: time.Now()}

	for what, ask := range map[string]func() error{
		"admission": func() error {
			_, err := s.Admit(t.Context(), o.ID, sb.Targets{}, nil)
			return err
		},
		"depths":             func() error { _, err := s.Depths(t.Context()); return err },
		"runs with a slot":   func() error { _, err := s.Held(t.Context(), "", 10); return err },
		"open work":          func() error { _, err := s.OpenWork(t.Context(), o.ID, "", 10); return err },
		"undispatched":       func() error { _, err := s.Undispatched(t.Context(), time.Now(), 10); return err },
		"place in the queue": func() error { _, err := s.Place(t.Context(), run); return err },
	} {
		t.Run(what, func(t *testing.T) {
			asked := &asked{}
			read, write := s.read, s.write
			s.read, s.write = read.WithQueryHook(asked), write.WithQueryHook(asked)
			err := ask()
			s.read, s.write = read, write
			require.NoError(t, err)
			reads := slices.DeleteFunc(asked.queries, func(q string) bool { return !strings.Contains(q, "FROM runs") })
			require.NotEmpty(t, reads)
			for _, query := range reads {
				for line := range strings.SplitSeq(explained(t, s, query), "\n") {
					if strings.Contains(line, " runs ") || strings.Contains(line, " r ") || strings.HasSuffix(line, " runs") {
						require.Regexp(t, readsOpen, line, query)
					}
				}
			}
		})
	}
}
