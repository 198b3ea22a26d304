package logplaces_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/controlplane/logplaces"
)

// hostile is a folder with logs, a folder beside it, and one of ours.
type hostile struct {
	there
	dir, beside, ours string
	places            *logplaces.Places
}

func attack(t *testing.T) hostile {
	t.Helper()
	dir := t.TempDir()
	h := hostile{dir: filepath.Join(dir, "logs"), beside: filepath.Join(dir, "beside"), ours: filepath.Join(dir, "ours")}
	for _, folder := range []string{h.dir, h.beside, h.ours, filepath.Join(h.dir, attempt)} {
		require.NoError(t, os.MkdirAll(folder, 0o700))
	}
	for _, folder := range []string{h.beside, h.ours} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "x.log"), []byte("secret"), 0o600))
	}
	h.there = there{root: "file://" + h.dir}
	h.places = places(t, sb.LogRoot{Scheme: "file", Folder: strings.TrimPrefix(h.ours, "/")})
	return h
}

func (h hostile) at(name string) string { return filepath.Join(h.dir, attempt, name) }

func TestWhatIsNoPlainFileIsNotRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(t *testing.T, h hostile) (key string)
		code sb.Code
		says string
	}{
		"a link to a file beside the root": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.Symlink(h.beside+"/x.log", h.at("x.log")))
			return attempt + "/x.log"
		}, sb.Invalid, "link"},
		"a link to another log below the root": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.WriteFile(filepath.Join(h.dir, "other.log"), []byte("secret"), 0o600))
			require.NoError(t, os.Symlink("../other.log", h.at("x.log")))
			return attempt + "/x.log"
		}, sb.Invalid, "link"},
		"a link to a folder beside the root": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.Symlink(h.beside, h.at("link")))
			return attempt + "/link/x.log"
		}, sb.Invalid, "link"},
		"a link to a folder of another run": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.Mkdir(filepath.Join(h.dir, "other"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(h.dir, "other", "x.log"), []byte("secret"), 0o600))
			require.NoError(t, os.Symlink("../other", h.at("link")))
			return attempt + "/link/x.log"
		}, sb.Invalid, "link"},
		"a hard link to a file beside the root": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.Link(h.beside+"/x.log", h.at("x.log")))
			return attempt + "/x.log"
		}, sb.Invalid, "hard link"},
		"a link with the name of a rotated log": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.WriteFile(h.at("x.log"), nil, 0o600))
			require.NoError(t, os.Symlink(h.beside+"/x.log", h.at("x.log.1")))
			return attempt + "/x.log"
		}, "", ""},
		"a hard link with the name of a rotated log": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.WriteFile(h.at("x.log"), nil, 0o600))
			require.NoError(t, os.Link(h.beside+"/x.log", h.at("x.log.1")))
			return attempt + "/x.log"
		}, sb.Invalid, "hard link"},
		"a FIFO that nobody writes to": {func(t *testing.T, h hostile) string {
			require.NoError(t, syscall.Mkfifo(h.at("x.log"), 0o600))
			return attempt + "/x.log"
		}, sb.Invalid, "no regular file"},
		"a device": {func(t *testing.T, h hostile) string {
			if err := syscall.Mknod(h.at("x.log"), syscall.S_IFCHR|0o600, 1<<8|5); err != nil { // as /dev/zero
				t.Skip("only root can make a device")
			}
			return attempt + "/x.log"
		}, sb.Invalid, "no regular file"},
		"a folder": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.Mkdir(h.at("x.log"), 0o700))
			return attempt + "/x.log"
		}, sb.NotFound, ""},
		"a file where a folder should be": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.WriteFile(h.at("x.log"), nil, 0o600))
			return attempt + "/x.log/y.log"
		}, sb.Invalid, "no regular file"},
		"a sparse file of 10 TB": {func(t *testing.T, h hostile) string {
			require.NoError(t, os.WriteFile(h.at("x.log"), nil, 0o600))
			if err := os.Truncate(h.at("x.log"), 10<<40); err != nil {
				t.Skip("the disk has no such files")
			}
			return attempt + "/x.log"
		}, sb.TooLarge, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := attack(t)
			key := tt.make(t, h)
			text, err := read(t, h.there, h.places, key)
			require.Equal(t, tt.code, sb.CodeOf(err), "%v", err)
			require.Empty(t, text)
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

func TestARootThatLeadsIntoOurs(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T, h *hostile) (key string){
		"it is a link to ours": func(t *testing.T, h *hostile) string {
			link := h.dir + "-link"
			require.NoError(t, os.Symlink(h.ours, link))
			h.root = "file://" + link
			return "x.log"
		},
		"it is a link into ours": func(t *testing.T, h *hostile) string {
			link := h.dir + "-link"
			require.NoError(t, os.MkdirAll(h.ours+"/a/b", 0o700))
			require.NoError(t, os.WriteFile(h.ours+"/a/b/x.log", []byte("secret"), 0o600))
			require.NoError(t, os.Symlink(h.ours+"/a", link))
			h.root = "file://" + link
			return "b/x.log"
		},
		"it holds ours, reached by a link": func(t *testing.T, h *hostile) string {
			link := h.dir + "-link"
			require.NoError(t, os.Symlink(filepath.Dir(h.dir), link))
			h.root = "file://" + link
			return "ours/x.log"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := attack(t)
			key := make(t, &h)
			text, err := read(t, h.there, h.places, key)
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.ErrorContains(t, err, "Signalbox's own")
			require.Empty(t, text)
		})
	}
}

func TestWhatATaskMayReport(t *testing.T) {
	t.Parallel()
	p := logplaces.New(blobs.NewForeign(nil), logplaces.Options{Own: []sb.LogRoot{{Scheme: "s3", Bucket: "logs", Folder: "ours"}, {Scheme: "file", Folder: "data"}}})
	run := sb.Run{ID: "01ABC", Operator: "@acme/tools/hello", Target: etl}
	o := there{root: "s3://logs"}.orchestrator("")
	for name, tt := range map[string]struct{ uri, says string }{
		"its own log":                                {"s3://logs/airflow/run_id=" + attempt + "/attempt=1.log", ""},
		"a log under its run":                        {"s3://logs/01ABC/x.log", ""},
		"a log under its run in small letters":       {"s3://logs/run=01abc/x.log", ""},
		"the log of another run under the same root": {"s3://logs/airflow/run_id=signalbox-x-01abd-1/attempt=1.log", "names neither"},
		"the log of another attempt":                 {"s3://logs/airflow/run_id=signalbox-x-01abc-2/attempt=1.log", "names neither"},
		"a name within a longer one":                 {"s3://logs/airflow/run_id=" + attempt + "1/attempt=1.log", "names neither"},
		"our own store":                              {"s3://logs/ours/do_logs/2026/01/01/01ABC/x.log", "Signalbox's own"},
		"another bucket":                             {"s3://others/01ABC/x.log", "log_roots"},
		"a file of ours":                             {"file:///data/01ABC/x.log", "log_roots"},
		"metadata of the machine":                    {"http://169.254.169.254/01ABC", "begins with"},
		"climbing":                                   {"s3://logs/01ABC/../other/x.log", ". or .."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := p.Check(o, run, attempt, tt.uri)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.ErrorContains(t, err, tt.says)
		})
	}
	t.Run("any log, where an admin says so", func(t *testing.T) {
		t.Parallel()
		lifted := o
		lifted.Routes = []sb.Route{{Operators: []string{"*"}, Target: etl, AnyLogPath: true}}
		require.NoError(t, p.Check(lifted, run, attempt, "s3://logs/airflow/some.log"))
		require.Error(t, p.Check(lifted, run, attempt, "s3://logs/ours/some.log"))
		run := run
		run.Target = sb.Target{DAG: "other"}
		require.Error(t, p.Check(lifted, run, attempt, "s3://logs/airflow/some.log"), "the route of another DAG lifts nothing")
	})
	t.Run("our own store by another interface", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, p.Check(there{root: "gs://logs"}.orchestrator(""), run, attempt, "gs://logs/ours/01ABC/x.log"), "Signalbox's own")
	})
	t.Run("nothing, where no root is listed", func(t *testing.T) {
		t.Parallel()
		err := p.Check(sb.Orchestrator{Config: []byte(`{}`)}, run, attempt, "s3://logs/01ABC/x.log")
		require.ErrorContains(t, err, "POST /work/{run}/logs")
	})
}

// huge is an object whose store says that it has 10 TB.
type huge struct{ sb.ForeignBlobs }

func (huge) Near(_ context.Context, _ sb.LogRoot, key string) ([]sb.Blob, error) {
	return []sb.Blob{{Key: key, Size: 10 << 40}}, nil
}

func TestAnObjectOf10TBIsNotBegun(t *testing.T) {
	t.Parallel()
	p := logplaces.New(huge{}, logplaces.Options{})
	w := there{root: "s3://logs"}
	_, err := p.Reported(t.Context(), w.orchestrator(""), w.uri(attempt+"/x.log"))
	require.Equal(t, sb.TooLarge, sb.CodeOf(err))
	require.ErrorContains(t, err, "10 GiB")
}

// endless is an object that grows while it is read.
type endless struct{ sb.ForeignBlobs }

func (endless) Near(_ context.Context, _ sb.LogRoot, key string) ([]sb.Blob, error) {
	return []sb.Blob{{Key: key, Size: 100}}, nil
}

func (endless) Get(_ context.Context, _ sb.LogRoot, _ string, _, length int64) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(zeroes{}, length)), nil
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestAGrowingObjectIsReadAsFarAsItWent(t *testing.T) {
	t.Parallel()
	w := there{root: "s3://logs"}
	text, err := read(t, w, logplaces.New(endless{}, logplaces.Options{}), attempt+"/x.log")
	require.NoError(t, err)
	require.Len(t, text, 100)
}

func TestEndpointsThatAreNeverCalled(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for name, endpoint := range map[string]string{
		"metadata of AWS":           "http://169.254.169.254",
		"metadata of AWS by IPv6":   "http://[fd00:ec2::254]",
		"metadata of Alibaba Cloud": "http://100.100.100.200",
		"link-local":                "http://169.254.1.1:9000",
		"mapped into IPv6":          "http://[::ffff:169.254.169.254]",
		"no address":                "http://0.0.0.0:9000",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			w := there{root: "s3://logs?region=eu-west-1&use_path_style=true&endpoint=" + endpoint}
			_, err := places(t).Reported(ctx, w.orchestrator(""), w.uri(attempt+"/x.log"))
			require.Equal(t, sb.Unavailable, sb.CodeOf(err))
			require.ErrorContains(t, err, "is ", "the guard says why: %v", err)
			require.Regexp(t, "never called|no address to call", err.Error())
		})
	}
}
