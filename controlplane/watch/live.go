package watch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	sb "signalbox"
)

const (
	liveFor  = 5 * time.Second // how long what was read is shown again
	liveTime = 20 * time.Second
	liveMost = 1000 // logs that are remembered; then all are forgotten
)

// live remembers logs that were read a moment ago, so that many who look are one who asks.
type live struct {
	flight singleflight.Group
	mu     sync.Mutex
	read   map[sb.AttemptRef]glimpse
}

type glimpse struct {
	at   time.Time
	text []byte
}

// Live gives the log of work that goes on at an orchestrator, as its API gives it now: at most MaxShownLog bytes of the latest
// try of each part. It is not kept, and may change but for its end: some put their lines in order later. Errors of an Adapter.
func (b *Bridge) Live(ctx context.Context, run sb.Run) ([]byte, error) {
	ref := run.Ref()
	text, err, _ := b.live.flight.Do(fmt.Sprintf("%s-%d", ref.Run, ref.Attempt), func() (any, error) {
		now, err := b.store.Now(ctx)
		if err != nil {
			return nil, err
		}
		if text, fresh := b.live.known(ref, now); fresh {
			return text, nil
		}
		ctx, cancel := context.WithTimeout(ctx, liveTime)
		defer cancel()
		text, err := b.readLive(ctx, run)
		if err == nil {
			b.live.note(ref, glimpse{now, text})
		}
		return text, err
	})
	if err != nil {
		return nil, err
	}
	return text.([]byte), nil
}

func (l *live) known(ref sb.AttemptRef, now time.Time) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.read[ref]
	return g.text, ok && now.Sub(g.at) < liveFor
}

func (l *live) note(ref sb.AttemptRef, g glimpse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.read == nil || len(l.read) >= liveMost {
		l.read = map[sb.AttemptRef]glimpse{}
	}
	l.read[ref] = g
}

func (b *Bridge) readLive(ctx context.Context, run sb.Run) ([]byte, error) {
	_, adapter, err := b.adapters.Adapter(ctx, run.OrchestratorID)
	if err != nil {
		return nil, err
	}
	parts, err := adapter.Parts(ctx, placeOf(run))
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, part := range parts {
		left := sb.MaxShownLog - int64(text.Len())
		if part.Sight == sb.SeenWaiting || left <= 0 {
			continue
		}
		if len(parts) > 1 {
			fmt.Fprintf(&text, "===== %s =====\n", part.Source)
		}
		if err := readPart(ctx, &text, adapter, placeOf(run), part, left); err != nil && sb.CodeOf(err) != sb.NotFound {
			return nil, err
		}
	}
	mask, err := b.life.Mask(ctx, sb.Process{AttemptRef: run.Ref()})
	return mask.Bytes(text.Bytes()), err
}

func readPart(ctx context.Context, to *bytes.Buffer, adapter sb.Adapter, at sb.Place, part sb.Part, most int64) error {
	body, err := adapter.Log(ctx, at, part, part.Try)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if _, err := io.Copy(to, io.LimitReader(body, most)); err != nil {
		return err
	}
	if b := to.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		to.WriteByte('\n')
	}
	return nil
}
