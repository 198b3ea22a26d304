package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// work is the work API: what those who do the work call. Its bodies are the root package's, shared with its clients.
type work struct {
	work    Work
	logs    Logs
	watched *watchers
}

// ByRun is a path below a run, opened by the run's token.
type ByRun struct {
	Run string `path:"run" maxLength:"64"`
}

// Limits of what names a process.
const (
	maxSource  = 250
	maxNonce   = 200
	maxWarning = 500 // bytes
)

func (h work) claim(ctx context.Context, in *struct{ Body sb.ClaimRequest }) (*answer[sb.ClaimAnswer], error) {
	b := in.Body
	if err := checkClaim(b); err != nil {
		return nil, err
	}
	if b.Source == "" {
		b.Source = sb.MainSource
	}
	tellRun(ctx, b.Run)
	orchestrator := requestOf(ctx).orchestrator
	got, err := h.work.Claim(ctx, orchestrator, sb.Claim{
		Process: sb.Process{AttemptRef: b.AttemptRef, Source: b.Source, Try: b.Try}, Nonce: b.Nonce,
		OrchestratorID: orchestrator, Worker: b.Worker, Incarnation: b.Incarnation,
	})
	if err != nil {
		return nil, err
	}
	return answerOf(claimAnswerOf(got)), nil
}

func checkClaim(b sb.ClaimRequest) error {
	var found []sb.Fault
	check := func(ok bool, location, message string) {
		if !ok {
			found = append(found, sb.Fault{Location: location, Message: message})
		}
	}
	check(b.Run != "" && len(b.Run) <= 64, "body.run_id", "name the run")
	check(b.Attempt >= 1 && b.Attempt <= sb.MaxAttempts, "body.attempt", "attempts count from 1")
	check(b.Try >= 0 && b.Try <= math.MaxInt32, "body.try", "tries count from 0")
	check(len(b.Source) <= maxSource, "body.source", fmt.Sprintf("a source has at most %d bytes", maxSource))
	check(b.Nonce != "" && len(b.Nonce) <= maxNonce, "body.nonce", fmt.Sprintf("a nonce has 1 to %d bytes", maxNonce))
	check(b.Worker == "" || sb.CheckName(b.Worker) == "", "body.worker", "a worker has a name as everything else")
	if found != nil {
		return sb.Faulty(faultyDetail, found...)
	}
	return nil
}

func claimAnswerOf(c Claimed) sb.ClaimAnswer {
	r := c.Run
	out := sb.ClaimAnswer{
		Token: c.Token, EndToken: c.EndToken, HeartbeatSeconds: int(sb.HeartbeatEvery.Seconds()), Operator: r.Operator, Params: r.Params, View: r.View,
		Plugin:  sb.ClaimPlugin{Name: r.Plugin, Revision: r.PluginRevision, SHA256: c.SHA256, Root: c.Root},
		Secrets: c.Secrets, MissingSecrets: c.Missing, Tell: c.Tell,
	}
	if out.Params == nil {
		out.Params = json.RawMessage("{}")
	}
	if out.Secrets == nil {
		out.Secrets = map[string]string{}
	}
	if r.DatasetID != "" {
		out.Dataset = &sb.ClaimDataset{ID: r.DatasetID, Name: r.Dataset}
	}
	if c.Command != nil {
		out.Command = &sb.ClaimCommand{Argv: c.Command.Command, Executor: c.Command.Executor, TimeoutSeconds: r.Timeout.Seconds()}
	}
	if s := c.Reach; s != nil {
		out.FiftyOne = &sb.ClaimFiftyOne{
			DatabaseURI: s.URI, DatabaseName: s.Database, DatasetID: s.DatasetID, DatasetName: s.Dataset, Request: s.Request, Pipeline: s.Pipeline,
		}
	}
	return out
}

func (h work) workers(ctx context.Context, in *struct{ Body sb.WorkersRequest }) (*answer[sb.WorkersAnswer], error) {
	b := in.Body
	if err := checkWorker(b); err != nil {
		return nil, err
	}
	orchestrator := requestOf(ctx).orchestrator
	stop, err := h.work.Workers(ctx, orchestrator, sb.Worker{
		OrchestratorID: orchestrator, Name: b.Name, Incarnation: b.Incarnation, Version: b.Version, Pool: b.Pool,
		Concurrency: b.Concurrency, Running: b.Running, Draining: b.Draining, Warnings: b.Warnings,
	})
	if err != nil {
		return nil, err
	}
	return answerOf(sb.WorkersAnswer{Stop: some(stop)}), nil
}

func checkWorker(b sb.WorkersRequest) error {
	var found []sb.Fault
	if wrong := sb.CheckName(b.Name); wrong != "" {
		found = append(found, sb.Fault{Location: "body.name", Message: wrong})
	}
	if !poolName.MatchString(b.Pool) {
		found = append(found, sb.Fault{Location: "body.pool", Message: "a pool has 1 to 40 characters of a-z, 0-9 and -", Value: b.Pool})
	}
	if b.Incarnation == "" || len(b.Incarnation) > maxNonce {
		found = append(found, sb.Fault{Location: "body.incarnation", Message: "name the incarnation, fresh at each start"})
	}
	if b.Concurrency < 0 || b.Concurrency > 100_000 {
		found = append(found, sb.Fault{Location: "body.concurrency", Message: "0 to 100000", Value: b.Concurrency})
	}
	for i, warning := range b.Warnings {
		if len(warning) > maxWarning {
			found = append(found, sb.Fault{Location: fmt.Sprintf("body.warnings[%d]", i), Message: fmt.Sprintf("%d bytes at most", maxWarning)})
		}
	}
	if found != nil {
		return sb.Faulty(faultyDetail, found...)
	}
	return nil
}

func (h work) archive(ctx context.Context, _ *ByRun) (*huma.StreamResponse, error) {
	body, size, err := h.work.Archive(ctx, processOf(ctx))
	if err != nil {
		return nil, err
	}
	return sendZip(body, size, "plugin.zip"), nil
}

type startInput struct {
	ByRun
	Body *sb.StartRequest
}

func (h work) start(ctx context.Context, in *startInput) (*answer[none], error) {
	var b sb.StartRequest
	if in.Body != nil {
		b = *in.Body
	}
	return answerOf(none{}), h.work.Start(ctx, processOf(ctx), b.Ref, b.URL)
}

func (h work) heartbeat(ctx context.Context, in *ByRun) (*answer[sb.HeartbeatAnswer], error) {
	stop, err := h.work.Heartbeat(ctx, processOf(ctx))
	if err != nil {
		return nil, err
	}
	return answerOf(sb.HeartbeatAnswer{Stop: stop, Watched: h.watched.any(in.Run)}), nil
}

type progressInput struct {
	ByRun
	Body sb.ProgressRequest
}

// progress answers 204 when the run is over and the progress was dropped.
func (h work) progress(ctx context.Context, in *progressInput) (*decided[none], error) {
	if f := in.Body.Fraction; f != nil && (*f < 0 || *f > 1 || math.IsNaN(*f)) {
		return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "body.fraction", Message: "0 to 1, or null", Value: *f})
	}
	kept, err := h.work.Progress(ctx, processOf(ctx), in.Body.Fraction, in.Body.Label)
	if err != nil {
		return nil, err
	}
	if !kept {
		return &decided[none]{Status: http.StatusNoContent}, nil
	}
	return &decided[none]{Status: http.StatusOK}, nil
}

type appendInput struct {
	ByRun
	Seq     int64  `query:"seq" required:"true" minimum:"0" doc:"Counts from 0 in one source and try."`
	Kind    string `header:"Content-Type"`
	RawBody []byte `contentType:"text/plain"`
}

func (h work) append(ctx context.Context, in *appendInput) (*answer[sb.LogsAnswer], error) {
	if len(in.RawBody) > sb.MaxChunk {
		return nil, sb.Errorf(sb.TooLarge, "a chunk has at most %d bytes", sb.MaxChunk)
	}
	p := processOf(ctx)
	if err := h.work.MayLog(ctx, p); err != nil {
		return nil, err
	}
	body, err := h.work.Masked(ctx, p, in.RawBody, isNDJSON(in.Kind))
	if err != nil {
		return nil, err
	}
	if err := h.logs.Append(ctx, p, in.Seq, body, isNDJSON(in.Kind)); err != nil {
		return nil, err
	}
	return answerOf(sb.LogsAnswer{Next: in.Seq + 1, Watched: h.watched.any(in.Run)}), nil
}

func isNDJSON(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "application/x-ndjson" || kind == "application/ndjson" || kind == "application/jsonl"
}

type logPathInput struct {
	ByRun
	Body sb.LogPathRequest
}

func (h work) logPath(ctx context.Context, in *logPathInput) (*answer[none], error) {
	if in.Body.URI == "" || len(in.Body.URI) > 4096 {
		return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "body.uri", Message: "1 to 4096 bytes"})
	}
	return answerOf(none{}), h.work.LogPath(ctx, processOf(ctx), in.Body.URI)
}

type completeInput struct {
	ByRun
	Body *sb.CompleteRequest
}

func (h work) complete(ctx context.Context, in *completeInput) (*answer[none], error) {
	var b sb.CompleteRequest
	if in.Body != nil {
		b = *in.Body
	}
	if len(b.Result) > sb.MaxResult {
		return nil, sb.Errorf(sb.TooLarge, "the result has %d bytes; at most %d are kept", len(b.Result), sb.MaxResult)
	}
	return answerOf(none{}), h.work.Complete(ctx, processOf(ctx), given(b.Result), given(b.OutputsSchema))
}

type environmentInput struct {
	ByRun
	Body sb.Offer
}

func (h work) environment(ctx context.Context, in *environmentInput) (*answer[none], error) {
	return answerOf(none{}), h.work.Environment(ctx, processOf(ctx), in.Body)
}

type failInput struct {
	ByRun
	Body sb.FailRequest
}

func (h work) fail(ctx context.Context, in *failInput) (*answer[none], error) {
	return answerOf(none{}), h.work.Fail(ctx, processOf(ctx), in.Body.Message, in.Body.Stack)
}

type endInput struct {
	ByRun
	Body sb.EndRequest
}

func (h work) end(ctx context.Context, in *endInput) (*answer[none], error) {
	if !requestOf(ctx).holder {
		if err := h.work.MayEnd(ctx, processOf(ctx)); err != nil {
			return nil, err
		}
	}
	return answerOf(none{}), h.work.End(ctx, processOf(ctx), in.Body.End())
}
