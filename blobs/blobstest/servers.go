package blobstest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/stretchr/testify/require"

	"signalbox/internal/freeport"
)

const (
	region    = "eu-west-1"
	accessKey = "signalbox"
	secretKey = "for-tests-only"
	name      = "bucket"
)

// S3 starts an S3 server with an empty bucket that ends with the test, and gives its URL. It sets the credentials in
// the environment, so the test cannot be parallel. Without the server's program the test is skipped.
func S3(t *testing.T) string {
	t.Helper()
	program := versitygw(t)
	addr := freeAddr(t)
	//nolint:gosec // the program is named by whoever runs the tests
	cmd := exec.Command(program, "--port", addr, "--access", accessKey, "--secret", secretKey, "--region", region, "--quiet",
		"posix", "--sidecar", t.TempDir(), t.TempDir()) // without it, parts are not taken
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	await(t, addr, &output)

	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	makeBucket(t, "http://"+addr)
	q := url.Values{"region": {region}, "endpoint": {"http://" + addr}, "use_path_style": {"true"}}
	return "s3://" + name + "/some/prefix?" + q.Encode()
}

// versitygw finds the S3 server: SIGNALBOX_TEST_VERSITYGW, or .tools/bin of the repository.
func versitygw(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("SIGNALBOX_TEST_VERSITYGW"); program != "" {
		return program
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		program := filepath.Join(dir, ".tools", "bin", "versitygw")
		if _, err := os.Stat(program); err == nil {
			return program
		}
	}
	t.Skip("the S3 server versitygw is not there; `make tools` gets it, or set SIGNALBOX_TEST_VERSITYGW")
	return ""
}

func makeBucket(t *testing.T, endpoint string) {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")))
	require.NoError(t, err)
	bucket := name
	_, err = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = &endpoint, true
	}).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	require.NoError(t, err)
}

// GCS starts a Google Cloud Storage server with an empty bucket that ends with the test, and gives its URL. It sets the
// server's address in the environment, so the test cannot be parallel.
func GCS(t *testing.T) string {
	t.Helper()
	addr := freeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	number, err := strconv.ParseUint(port, 10, 16)
	require.NoError(t, err)
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		Scheme: "http", Host: host, Port: uint16(number), PublicHost: addr, Writer: io.Discard,
	})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
	t.Setenv("STORAGE_EMULATOR_HOST", addr)
	return "gs://" + name + "/some/prefix?anonymous=true"
}

func freeAddr(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find(freeport.Loopback)
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// await dials until the server answers.
func await(t *testing.T, addr string, output *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", addr); err == nil {
			require.NoError(t, c.Close())
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the S3 server did not start: %s", output)
		}
	}
}
