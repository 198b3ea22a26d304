package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/blobs"
	"signalbox/client"
)

// The two buckets of the measurement: one is ours, in one a task leaves its log.
const (
	ourBucket   = "signalbox"
	theirBucket = "airflow"
	s3Region    = "eu-west-1"
	s3Key       = "signalbox"
	s3Secret    = "for-benchmarks-only"
)

// bucketed is an installation with its logs in S3, and an orchestrator whose task's logs lie there too.
type bucketed struct {
	*control
	there    *there
	store    *process
	endpoint string
	ours     blobs.Store
	size     int64
	key      string // of the orchestrator
}

// collecting measures how fast a large log is collected from S3, searched and shown there, beside what the store itself gives.
func collecting(ctx context.Context, s settings) (section, error) {
	b, err := inBucket(ctx, s)
	if err != nil {
		return section{}, err
	}
	defer b.close()
	rounds := 3
	if s.quick {
		rounds = 1
	}
	before := b.status("RssAnon")
	grown := b.watchMemory(ctx)
	if _, _, err := b.collect(ctx); err != nil { // warm
		return section{}, err
	}
	var copied, collected, plain, searched times
	var first times
	for i := range rounds {
		s.say("round %d of %d: a plain copy, and a collection, of %d MiB", i+1, rounds, s.logMB)
		d, err := b.copyPlain(ctx, fmt.Sprintf("copies/%d", i))
		if err != nil {
			return section{}, err
		}
		copied = append(copied, d)
		run, d, err := b.collect(ctx)
		if err != nil {
			return section{}, err
		}
		collected = append(collected, d)
		if d, err = b.readPlain(ctx); err != nil {
			return section{}, err
		}
		plain = append(plain, d)
		if d, err = b.search(ctx, run); err != nil {
			return section{}, err
		}
		searched = append(searched, d)
		pages, err := b.firstPage(ctx, run)
		if err != nil {
			return section{}, err
		}
		first = append(first, pages...)
	}
	peak := grown()
	copyRatio, searchRatio := copied.p50().Seconds()/collected.p50().Seconds(), searched.p50().Seconds()/plain.p50().Seconds()
	return section{
		title: "A large log in S3",
		text: fmt.Sprintf("`signalbox serve` on SQLite with its logs in versitygw, an S3 server on files of the same machine. A task claims, gets its token, which is\n"+
			"masked from then on, leaves a log of %d MiB in a bucket of its own, tells where, and ends. The time is from the end of the run to its\n"+
			"finished log with index. Beside it the same object is copied from bucket to bucket through the same library, and read four ranges at\n"+
			"a time. Medians of %d, in turns. Memory is RssAnon of `serve`, over all of it.", s.logMB, rounds),
		rows: []row{
			{"collected, of the speed of a plain copy", "≥ 0.50 ×", fmt.Sprintf("%.2f ×", copyRatio), met(copyRatio >= 0.5)},
			atMost("first page, p99", first.p99(), 300*time.Millisecond),
			{"a word that is nowhere, of the time of a plain read", "≤ 1.20 ×", fmt.Sprintf("%.2f ×", searchRatio), met(searchRatio <= 1.2)},
			{"memory of the server grows by", "≤ 64 MiB", fmt.Sprintf("%s (from %s)", mib(peak-before), mib(before)), met(peak-before <= 64<<20)},
		},
		details: []table{{"Times", []string{"what", "measured"}, [][]string{
			{"plain copy", copied.String()},
			{"end of the run → finished log", collected.String()},
			{"plain read, four ranges at a time", plain.String()},
			{"a word that is nowhere", searched.String()},
		}}},
	}, nil
}

// inBucket starts the store, with the log in it, and the control plane.
func inBucket(ctx context.Context, s settings) (b *bucketed, err error) {
	b = &bucketed{there: standIn(1000)}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if err := b.raiseStore(ctx, s); err != nil {
		return nil, err
	}
	if b.ours, err = blobs.Open(ctx, b.url(ourBucket)); err != nil {
		return nil, err
	}
	s.say("a log of %d MiB", s.logMB)
	b.size = int64(s.logMB) << 20
	if err := b.put(ctx, theirBucket, "source", &repeated{text: logText(1 << 20), left: b.size}); err != nil {
		return nil, err
	}
	if b.control, err = cluster(ctx, s, "", "SIGNALBOX_LOGS_URL="+b.url(ourBucket), "AWS_ACCESS_KEY_ID="+s3Key, "AWS_SECRET_ACCESS_KEY="+s3Secret, "AWS_EC2_METADATA_DISABLED=true"); err != nil {
		return nil, err
	}
	return b, b.register(ctx)
}

// raiseStore starts the S3 server with its two buckets.
func (b *bucketed) raiseStore(ctx context.Context, s settings) error {
	program, err := filepath.Abs(".tools/bin/versitygw")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		return fmt.Errorf("the S3 server is not there; `make tools` gets it: %w", err)
	}
	listen, err := address()
	if err != nil {
		return err
	}
	b.endpoint = "http://" + listen
	data, side := filepath.Join(s.dir, "s3", "data"), filepath.Join(s.dir, "s3", "side")
	if err := errors.Join(os.MkdirAll(data, 0o700), os.MkdirAll(side, 0o700), os.Setenv("AWS_ACCESS_KEY_ID", s3Key), os.Setenv("AWS_SECRET_ACCESS_KEY", s3Secret)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "--port", listen, "--access", s3Key, "--secret", s3Secret, "--region", s3Region, "--quiet", "posix", "--sidecar", side, data)
	if b.store, err = launch(cmd, filepath.Join(s.dir, "s3", "out")); err != nil {
		return err
	}
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", listen)
		if err == nil {
			_ = c.Close()
			break
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	for _, bucket := range []string{ourBucket, theirBucket} {
		if _, err := b.sdk().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bucketed) sdk() *s3.Client {
	return s3.New(s3.Options{
		Region: s3Region, BaseEndpoint: &b.endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s3Key, s3Secret, ""),
	})
}

func (b *bucketed) url(bucket string) string {
	q := url.Values{"region": {s3Region}, "endpoint": {b.endpoint}, "use_path_style": {"true"}}
	return "s3://" + bucket + "?" + q.Encode()
}

func (b *bucketed) close() {
	if b.control != nil {
		b.control.stop()
	}
	if b.ours != nil {
		_ = b.ours.Close()
	}
	if b.store != nil {
		b.store.stop()
	}
	b.there.Close()
}

// register registers the stand-in, whose tasks may leave their logs in their bucket.
func (b *bucketed) register(ctx context.Context) error {
	quota := 1000
	roots, err := json.Marshal([]string{b.url(theirBucket)})
	if err != nil {
		return err
	}
	_, err = b.api.Orchestrators.Create(ctx, client.OrchestratorPatch{
		Name: elsewhere, Kind: sb.Airflow, Quota: &quota, Config: b.there.config(`, "log_roots": ` + string(roots)),
		Secrets: map[string]json.RawMessage{"password": json.RawMessage(`"` + airflowtest.Admin + `"`)},
		Routes:  []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: airflowtest.Sleep}}},
	})
	if err != nil {
		return err
	}
	key, err := b.api.Orchestrators.Keys(elsewhere).Create(ctx, client.KeyDraft{Name: "bench"})
	b.key = key.Key
	return err
}

// collect runs a task that leaves the log, and tells how long it took from the end of the run to its finished log.
func (b *bucketed) collect(ctx context.Context) (id string, took time.Duration, err error) {
	run, err := b.api.Runs.Schedule(ctx, client.Draft{Operator: ok, Orchestrator: elsewhere})
	if err != nil {
		return "", 0, err
	}
	if run, err = b.until(ctx, run.ID, func(r client.Run) bool { return r.Status == sb.Running }); err != nil {
		return "", 0, err
	}
	place := run.Work.Ref + "/attempt.log"
	source := theirBucket + "/source"
	bucket := theirBucket
	if _, err := b.sdk().CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: &place, CopySource: &source}); err != nil {
		return "", 0, err
	}
	if err := b.tell(ctx, run.ID, "s3://"+theirBucket+"/"+place); err != nil {
		return "", 0, err
	}
	b.there.End(airflowtest.Sleep, run.Work.Ref, "success")
	run, err = b.until(ctx, run.ID, func(r client.Run) bool { return r.Log != nil })
	if err == nil && run.Log.Size != b.size {
		err = fmt.Errorf("the log has %d bytes, not %d", run.Log.Size, b.size)
	}
	if err != nil {
		return "", 0, err
	}
	return run.ID, time.Since(*run.EndedAt), nil
}

// tell claims, as a task does, and says where the log lies.
func (b *bucketed) tell(ctx context.Context, run, place string) error {
	work, err := client.NewWork(client.Options{URL: b.control.url, Key: b.key})
	if err != nil {
		return err
	}
	claim, err := work.Claim(ctx, sb.ClaimRequest{AttemptRef: sb.AttemptRef{Run: run, Attempt: 1}, Nonce: rand.Text()})
	if err != nil {
		return err
	}
	return work.LogPath(ctx, run, claim.Token, sb.LogPathRequest{URI: place})
}

func (b *bucketed) until(ctx context.Context, id string, so func(client.Run) bool) (client.Run, error) {
	for {
		run, err := b.api.Runs.Get(ctx, id)
		if err != nil || so(run) {
			return run, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return run, fmt.Errorf("run %s is %s: %w", id, run.Status, err)
		}
	}
}

// copyPlain copies the log from bucket to bucket.
func (b *bucketed) copyPlain(ctx context.Context, key string) (time.Duration, error) {
	began := time.Now()
	in, err := b.source(ctx, 0, b.size)
	if err != nil {
		return 0, err
	}
	err = b.ours.Put(ctx, key, in)
	return time.Since(began), errors.Join(err, in.Close())
}

// readPlain reads the log, four ranges at a time.
func (b *bucketed) readPlain(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i := range int64(4) {
		group.Go(func() error {
			in, err := b.source(ctx, i*b.size/4, b.size/4)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, in)
			return errors.Join(err, in.Close())
		})
	}
	err := group.Wait()
	return time.Since(began), err
}

func (b *bucketed) source(ctx context.Context, from, size int64) (io.ReadCloser, error) {
	theirs, err := blobs.Open(ctx, b.url(theirBucket))
	if err != nil {
		return nil, err
	}
	in, err := theirs.Get(ctx, "source", from, size)
	return in, err
}

func (b *bucketed) put(ctx context.Context, bucket, key string, in io.Reader) error {
	store, err := blobs.Open(ctx, b.url(bucket))
	if err != nil {
		return err
	}
	return errors.Join(store.Put(ctx, key, in), store.Close())
}

// repeated reads a text again and again, so many bytes.
type repeated struct {
	text []byte
	rest []byte
	left int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		r.rest = r.text
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.rest)
	r.rest, r.left = r.rest[n:], r.left-int64(n)
	return n, nil
}
