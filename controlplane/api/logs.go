package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

type runLogs struct {
	life    Runs
	logs    Logs
	again   func(context.Context) (sb.Principal, error)
	closing <-chan struct{}
	watched *watchers
	bridge  Bridge
}

// LogEntry is a line of a log, or a traceback in one piece.
type LogEntry struct {
	Timestamp *time.Time  `json:"timestamp"`
	Severity  sb.Severity `json:"severity" enum:"DEBUG,INFO,WARNING,ERROR,CRITICAL"`
	Message   string      `json:"message"`
}

// LogAnswer is a log with its lines; over 1 MiB its size alone.
type LogAnswer struct {
	Size         int64       `json:"size" doc:"Bytes."`
	Complete     bool        `json:"complete" doc:"Nothing will be added."`
	Live         bool        `json:"live,omitempty" doc:"The run goes on at an orchestrator whose API gave this now. It is kept when the run is over, and may differ."`
	DownloadOnly bool        `json:"download_only" doc:"It is over 1 MiB; there are no entries."`
	Entries      *[]LogEntry `json:"entries,omitempty"`
}

func (h runLogs) show(ctx context.Context, in *ByID) (*answer[LogAnswer], error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	shown, err := h.logs.Show(ctx, run)
	if err != nil {
		return nil, err
	}
	out := LogAnswer{Size: shown.Size, Complete: shown.Complete, DownloadOnly: shown.DownloadOnly}
	if !shown.DownloadOnly {
		entries := entriesOf(shown.Lines)
		out.Entries = &entries
	}
	if lines := h.live(ctx, run, shown); len(lines) > 0 {
		entries := entriesOf(lines)
		out.Entries, out.Live = &entries, true
	}
	return answerOf(out), nil
}

// live gives what is not kept yet of the log of work that goes on elsewhere, if that can be asked for.
func (h runLogs) live(ctx context.Context, run sb.Run, kept sb.Shown) []sb.Line {
	if kept.Size > 0 || kept.Complete || !run.Outside() || run.Work.State != sb.WorkActive || h.bridge == nil {
		return nil
	}
	text, err := h.bridge.Live(ctx, run)
	if err != nil {
		return nil // it is a favour: the log comes when the run is over
	}
	return h.logs.Entries(text)
}

func entriesOf(lines []sb.Line) []LogEntry {
	out := make([]LogEntry, 0, len(lines))
	for _, l := range lines {
		out = append(out, entryOf(l))
	}
	return out
}

func entryOf(l sb.Line) LogEntry {
	return LogEntry{Timestamp: momentOf(l.Timestamp), Severity: l.Severity, Message: l.Message}
}

type downloadInput struct {
	ByID
	Range string `header:"Range" doc:"One range of bytes, such as bytes=0-1023."`
}

func (h runLogs) download(ctx context.Context, in *downloadInput) (*huma.StreamResponse, error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	size, err := h.logs.Size(ctx, run)
	if err != nil {
		return nil, err
	}
	part, ok := rangeOf(in.Range, size)
	if !ok {
		return nil, unsatisfiable(size)
	}
	out := sent{kind: "text/plain; charset=utf-8", name: run.ID + ".log", part: part, size: size}
	if part.length == 0 || requestOf(ctx).head {
		return out.response(), nil
	}
	out.body, _, err = h.logs.Open(ctx, run, part.offset, part.length)
	if err != nil {
		return nil, err
	}
	return out.response(), nil
}

// LogNews is a piece of a growing log. Next is the offset behind it: a stream that begins there continues it.
type LogNews struct {
	Next    int64      `json:"next"`
	Entries []LogEntry `json:"entries"`
}

// LogEnd says that the log is complete.
type LogEnd struct {
	Complete bool `json:"complete"`
}

type streamInput struct {
	ByID
	From   int64 `query:"from" minimum:"0" doc:"Offset to begin at, in bytes."`
	LastID int64 `header:"Last-Event-ID" minimum:"0" doc:"Where a broken stream ended; it wins over from."`
}

func (h runLogs) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	run, err := h.life.Run(ctx, callerOf(ctx).Principal, in.ID)
	if err != nil {
		return nil, err
	}
	from := max(in.From, in.LastID)
	return streamOf(h.closing, func(ctx context.Context, f feed) error { return h.follow(ctx, f, run, from) }), nil //nolint:contextcheck // a stream lives with its connection
}

// follow sends the pieces as they come and, when the log is complete, an event named end.
func (h runLogs) follow(ctx context.Context, f feed, run sb.Run, from int64) error {
	ctx, cancel := context.WithCancel(ctx)
	pieces, done := make(chan LogPiece), make(chan error, 1)
	defer h.watched.add(run.ID)()
	go func() {
		done <- h.logs.Follow(ctx, run, from, func(p LogPiece) error {
			select {
			case pieces <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		close(done)
	}()
	defer func() {
		cancel()
		for range done { // the follower has gone when its channel closes
		}
	}()
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-done:
			if err != nil {
				return err
			}
			return f.event("", "end", LogEnd{Complete: true})
		case p := <-pieces:
			if err := h.piece(ctx, f, run.ID, p); err != nil {
				return err
			}
		case <-tick.C:
			if err := h.still(ctx, run.ID); err != nil {
				return err
			}
			if err := f.comment(); err != nil {
				return err
			}
		}
	}
}

func (h runLogs) piece(ctx context.Context, f feed, run string, p LogPiece) error {
	if err := h.still(ctx, run); err != nil {
		return err
	}
	return f.event(strconv.FormatInt(p.Next, 10), "", LogNews{Next: p.Next, Entries: entriesOf(p.Lines)})
}

// still demands that the reader may see the run now.
func (h runLogs) still(ctx context.Context, run string) error {
	who, err := h.again(ctx)
	if err != nil {
		return err
	}
	if !h.life.MayHear(ctx, who, run) {
		return sb.Errorf(sb.NotFound, "the run may not be seen any more")
	}
	return nil
}
