package outbound

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A thousand runs are to be sent, a hundred stopped, and the logs of many are read, all at once.
func TestAFloodDoesNotDelayAPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := limiters(nil)
		ctx, cancel := context.WithCancel(t.Context())
		for share, many := range map[Share]int{Dispatches: 1000, Stops: 100, Details: 300} {
			for range many {
				go func() { _ = all.wait(ctx, share) }()
			}
		}
		synctest.Wait()
		began := time.Now()
		const pages = 6
		for range pages {
			require.NoError(t, all.wait(ctx, Polls))
		}
		require.LessOrEqual(t, time.Since(began), pages*time.Second, "a poll waits for one detail at most, which is half a second")
		cancel()
	})
}

func TestWhatIsSentToTheOtherSideInASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := limiters(nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		counts := map[Share]int{}
		done := make(chan map[Share]int)
		for _, share := range []Share{Polls, Details, Stops, Dispatches} {
			go func() {
				n := 0
				for all.wait(ctx, share) == nil {
					n++
				}
				done <- map[Share]int{share: n}
			}()
		}
		total := 0
		for range 4 {
			for share, n := range <-done {
				counts[share], total = n, total+n
			}
		}
		const burst = 2
		require.InDelta(t, 200, counts[Polls]+counts[Details], burst)
		require.InDelta(t, counts[Polls], counts[Details], burst, "details leave polls at least every second turn")
		require.InDelta(t, 100, counts[Stops], burst)
		require.InDelta(t, 200, counts[Dispatches], burst)
		require.LessOrEqual(t, total, 500+3*burst, "five a second in all")
	})
}
