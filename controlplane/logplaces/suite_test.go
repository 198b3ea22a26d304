package logplaces_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/adapters/outbound"
	"signalbox/blobs"
	"signalbox/blobs/blobstest"
	"signalbox/controlplane/logplaces"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start")) // of the library for GCS, for ever
}

// most is how large a log may be in these tests.
const most = 64 << 10

// there is a place where others keep logs.
type there struct {
	root string // as an admin writes it
	put  func(t *testing.T, key string, body []byte)
}

func (w there) orchestrator(template string) sb.Orchestrator {
	config, _ := json.Marshal(map[string]any{"log_roots": []string{w.root}, "log_template": template})
	return sb.Orchestrator{Kind: sb.Airflow, Config: config, Routes: []sb.Route{{Operators: []string{"*"}, Target: etl}}}
}

// uri is what a task would report of a key.
func (w there) uri(key string) string {
	place, _, _ := strings.Cut(w.root, "?")
	return place + "/" + key
}

var etl = sb.Target{DAG: "etl"}

const attempt = "signalbox-x-01abc-1"

func places(t *testing.T, own ...sb.LogRoot) *logplaces.Places {
	t.Helper()
	var folders []string
	for _, o := range own {
		if o.Scheme == "file" {
			folders = append(folders, "/"+o.Folder)
		}
	}
	transport := outbound.Transport()
	foreign := blobs.NewForeign(transport, folders...)
	t.Cleanup(func() {
		require.NoError(t, foreign.Close())
		transport.(interface{ CloseIdleConnections() }).CloseIdleConnections()
	})
	return logplaces.New(foreign, logplaces.Options{Own: own, Check: blobs.CheckRoot, Most: most})
}

// read reads a log to its end, or to what ends it.
func read(t *testing.T, w there, p *logplaces.Places, key string) (string, error) {
	t.Helper()
	log, err := p.Reported(t.Context(), w.orchestrator(""), w.uri(key))
	if err != nil {
		return "", err
	}
	require.Equal(t, w.uri(key), log.Place.URI())
	text, err := io.ReadAll(log)
	require.NoError(t, log.Close())
	return string(text), err
}

func packed(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.Bytes()
}

// cases are what holds wherever logs lie.
var cases = map[string]func(t *testing.T, w there){
	"a log is read as it is": func(t *testing.T, w there) {
		w.put(t, attempt+"/a b+ü.log", []byte("one\ntwo"))
		text, err := read(t, w, places(t), attempt+"/a b+ü.log")
		require.NoError(t, err)
		require.Equal(t, "one\ntwo", text)
	},
	"an empty log is a log": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", nil)
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.NoError(t, err)
		require.Empty(t, text)
	},
	"what is not there is said so": func(t *testing.T, w there) {
		w.put(t, "other/x.log", []byte("x"))
		_, err := read(t, w, places(t), attempt+"/x.log")
		require.Equal(t, sb.NotFound, sb.CodeOf(err))
		w.put(t, attempt+"/x.log.d", []byte("no part of it"))
		_, err = read(t, w, places(t), attempt+"/x.log")
		require.Equal(t, sb.NotFound, sb.CodeOf(err))
	},
	"rotated logs are one, the oldest first": func(t *testing.T, w there) {
		for key, body := range map[string][]byte{
			"x.log": []byte("five\n"), "x.log.1": []byte("four\n"), "x.log.2.gz": packed("three\n"), "x.log.10": []byte("one\n"), "x.log.9.gz": packed("two\n"),
			"x.log.bak": []byte("no\n"), "x.log.01x": []byte("no\n"), "x.log2": []byte("no\n"), "y.log": []byte("no\n"),
			"x.log.trigger.7.log": []byte("six\n"),
		} {
			w.put(t, attempt+"/"+key, body)
		}
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.NoError(t, err)
		require.Equal(t, "one\ntwo\nthree\nfour\nfive\nsix\n", text)
	},
	"a log that is being packed is read once": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", []byte("two\n"))
		w.put(t, attempt+"/x.log.1", []byte("one\n"))
		w.put(t, attempt+"/x.log.1.gz", packed("one\n")[:9])
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.NoError(t, err)
		require.Equal(t, "one\ntwo\n", text)
	},
	"packed by its bytes, not by its name": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", packed("hello\n"))
		w.put(t, attempt+"/y.log.gz", []byte("plain\n"))
		w.put(t, attempt+"/z.log.gz", append(packed("a\n"), packed("b\n")...))
		for key, want := range map[string]string{"x.log": "hello\n", "y.log": "plain\n", "y.log.gz": "plain\n", "z.log": "a\nb\n"} {
			text, err := read(t, w, places(t), attempt+"/"+key)
			require.NoError(t, err)
			require.Equal(t, want, text)
		}
	},
	"a bomb is cut, and said to be": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", packed(strings.Repeat("0123456\n", most)))
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.Equal(t, sb.TooLarge, sb.CodeOf(err))
		require.ErrorContains(t, err, "what follows is cut")
		require.Len(t, text, most)
	},
	"what is just as large as may be is whole": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", packed(strings.Repeat("0123456\n", most/8)))
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.NoError(t, err)
		require.Len(t, text, most)
	},
	"what is too large is not begun": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", bytes.Repeat([]byte("x"), most/2+1))
		w.put(t, attempt+"/x.log.1", bytes.Repeat([]byte("x"), most/2))
		_, err := read(t, w, places(t), attempt+"/x.log")
		require.Equal(t, sb.TooLarge, sb.CodeOf(err))
		require.ErrorContains(t, err, "larger than")
	},
	"what is damaged is said so": func(t *testing.T, w there) {
		whole := packed(strings.Repeat("hello hello\n", 1000))
		broken := bytes.Clone(whole)
		broken[len(broken)/2] ^= 0xff
		for key, body := range map[string][]byte{"cut.log": whole[:len(whole)-12], "broken.log": broken, "head.log": whole[:5]} {
			w.put(t, attempt+"/"+key, body)
			_, err := read(t, w, places(t), attempt+"/"+key)
			require.Equal(t, sb.Invalid, sb.CodeOf(err), "%s: %v", key, err)
			require.ErrorContains(t, err, "damaged")
		}
	},
	"lines that a container's runtime cut are joined": func(t *testing.T, w there) {
		w.put(t, attempt+"/cri.log", []byte("2026-01-01T00:00:00.1Z stdout P one \n2026-01-01T00:00:00.2Z stderr F oh\n2026-01-01T00:00:00.3Z stdout P and \n"+
			"2026-01-01T00:00:00.4Z stdout F two\n2026-01-01T00:00:00.5Z stdout P the end"))
		text, err := read(t, w, places(t), attempt+"/cri.log")
		require.NoError(t, err)
		require.Equal(t, "2026-01-01T00:00:00.2Z stderr F oh\n2026-01-01T00:00:00.1Z stdout F one and two\n2026-01-01T00:00:00.5Z stdout F the end\n", text)
		w.put(t, attempt+"/docker.log", []byte(`{"log":"one ","stream":"stdout","time":"2026-01-01T00:00:00.1Z"}`+"\n"+
			`{"log":"two\n","stream":"stdout","time":"2026-01-01T00:00:00.2Z"}`+"\n"+`{"log":"three\n","stream":"stdout","time":"2026-01-01T00:00:00.3Z"}`+"\n"))
		text, err = read(t, w, places(t), attempt+"/docker.log")
		require.NoError(t, err)
		require.Equal(t, "2026-01-01T00:00:00.1Z stdout F one two\n"+`{"log":"three\n","stream":"stdout","time":"2026-01-01T00:00:00.3Z"}`+"\n", text)
	},
	"what Airflow 3 keeps of an exception is written out": func(t *testing.T, w there) {
		w.put(t, attempt+"/x.log", []byte(`{"timestamp":"2026-01-01T00:00:00Z","level":"error","event":"Task failed","error_detail":[{"exc_type":"ValueError","exc_value":"no","frames":[{"filename":"x.py","lineno":3,"name":"f"}]}]}`+"\n"))
		text, err := read(t, w, places(t), attempt+"/x.log")
		require.NoError(t, err)
		require.Equal(t, "2026-01-01T00:00:00.000000Z ERROR Task failed\n\tTraceback (most recent call last):\n\t  File \"x.py\", line 3, in f\n\tValueError: no\n", text)
	},
	"a template finds it": func(t *testing.T, w there) {
		w.put(t, "dag_id=etl/run_id="+attempt+"/task_id=load/map_index=2/attempt=1.log", []byte("mapped\n"))
		p, at := places(t), sb.Place{Target: etl, Name: attempt}
		o := w.orchestrator("dag_id={dag_id}/run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={try}.log")
		log, err := p.Templated(t.Context(), o, at, "load[2]", 1)
		require.NoError(t, err)
		text, err := io.ReadAll(log)
		require.NoError(t, err)
		require.NoError(t, log.Close())
		require.Equal(t, "mapped\n", string(text))
		_, err = p.Templated(t.Context(), o, at, "load[2]", 2)
		require.Equal(t, sb.NotFound, sb.CodeOf(err))
	},
	"the probe tells that it can be read": func(t *testing.T, w there) {
		checks := places(t).Probe(t.Context(), w.orchestrator("").Config)
		require.Len(t, checks, 1)
		require.True(t, checks[0].OK, checks[0].Detail)
		require.Equal(t, "log root "+strings.TrimSuffix(w.uri(""), "/"), checks[0].Name)
	},
	"stores of ours are never read": func(t *testing.T, w there) {
		root, err := sb.ParseLogRoot(w.root)
		require.NoError(t, err)
		own := root
		own.Folder = strings.TrimPrefix(root.Folder+"/ours", "/")
		own.Options = "region=elsewhere"
		w.put(t, "ours/"+attempt+"/x.log", []byte("secret"))
		w.put(t, "ours2/"+attempt+"/x.log", []byte("not ours"))
		_, err = read(t, w, places(t, own), "ours/"+attempt+"/x.log")
		require.Equal(t, sb.Invalid, sb.CodeOf(err))
		require.ErrorContains(t, err, "Signalbox's own")
		_, err = read(t, w, places(t, own), "ours2/"+attempt+"/x.log")
		require.NoError(t, err)
		faults := places(t, root).Faults(w.orchestrator("").Config)
		require.Len(t, faults, 1, "a root in our own store is a fault of the config")
		require.Contains(t, faults[0].Message, "Signalbox's own")
	},
}

func suite(t *testing.T, open func(t *testing.T) there) {
	t.Helper()
	for name, one := range cases {
		t.Run(name, func(t *testing.T) { one(t, open(t)) })
	}
}

func TestLogsInFiles(t *testing.T) {
	t.Parallel()
	suite(t, inFolder)
}

func inFolder(t *testing.T) there {
	t.Helper()
	dir := t.TempDir()
	return there{"file://" + dir, func(t *testing.T, key string, body []byte) {
		t.Helper()
		name := filepath.Join(dir, key)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, body, 0o600))
	}}
}

func TestLogsInS3(t *testing.T) {
	address := blobstest.S3(t)
	suite(t, func(t *testing.T) there { return inBucket(t, address) })
}

func TestLogsInGCS(t *testing.T) {
	address := blobstest.GCS(t)
	suite(t, func(t *testing.T) there { return inBucket(t, address) })
}

func inBucket(t *testing.T, address string) there {
	t.Helper()
	place, query, _ := strings.Cut(address, "?")
	root := place + "/" + strings.ReplaceAll(sb.SafeElement(t.Name()), "=", "_") + "?" + query
	b, err := blobs.Open(t.Context(), root)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return there{root, func(t *testing.T, key string, body []byte) {
		t.Helper()
		require.NoError(t, b.Put(t.Context(), key, bytes.NewReader(body)))
	}}
}

func TestABucketThatIsMissingOrDenied(t *testing.T) {
	address := blobstest.S3(t)
	missing := there{root: strings.Replace(address, "s3://bucket", "s3://nobody", 1)}
	_, err := read(t, missing, places(t), attempt+"/x.log")
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
	require.ErrorContains(t, err, "no bucket s3://nobody")
	checks := places(t).Probe(t.Context(), missing.orchestrator("").Config)
	require.False(t, checks[0].OK)
	require.Contains(t, checks[0].Fix, "bucket's name")

	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	_, err = read(t, there{root: address}, places(t), attempt+"/x.log")
	require.Contains(t, []sb.Code{sb.Forbidden, sb.Unavailable}, sb.CodeOf(err), fmt.Sprint(err))
	require.NotContains(t, sb.MessageOf(err), "Signature")
	checks = places(t).Probe(t.Context(), there{root: address}.orchestrator("").Config)
	require.False(t, checks[0].OK)
	require.NotEmpty(t, checks[0].Fix)
}
