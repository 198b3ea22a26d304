package flyte

import (
	"context"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// connectPartsMost bounds the actions that are read of a run.
const connectPartsMost = 10_000

// parts lists a run's actions, the first to begin first.
func (c *connect) parts(ctx context.Context, at sb.Place) ([]sb.Part, error) {
	request := map[string]any{
		"limit": connectPage, "sortByFields": []map[string]string{{"key": "created_at", "direction": "ASCENDING"}},
	}
	var all []sb.Part
	for {
		var page struct {
			Actions []connectListed `json:"actions"`
			Token   string          `json:"token"`
		}
		err := c.ask(ctx, outbound.Polls, runService+"ListActions", map[string]any{"runId": c.run(at.Name), "request": request}, &page)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Actions {
			all = append(all, sb.Part{
				Source: a.ID.Name, First: 1, Try: a.Status.Attempts, Sight: a.Status.sight(), Word: a.Status.word(), URL: c.url(at.Name),
			})
		}
		if page.Token == "" || len(page.Actions) == 0 || len(all) >= connectPartsMost {
			return all, nil
		}
		request["token"] = page.Token
	}
}
