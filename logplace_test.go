package signalbox_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func rootAt(t *testing.T, text string) sb.LogRoot {
	t.Helper()
	r, err := sb.ParseLogRoot(text)
	require.NoError(t, err)
	return r
}

func TestWhereALogMayBe(t *testing.T) {
	t.Parallel()
	roots := []sb.LogRoot{
		rootAt(t, "s3://logs/airflow/?region=eu-west-1&endpoint=http://minio:9000"), rootAt(t, "s3://logs/airflow/deep"), rootAt(t, "gs://whole"),
		rootAt(t, "file:///var/log/airflow/"),
	}
	for name, tt := range map[string]struct{ uri, root, key, says string }{
		"an object":                          {uri: "s3://logs/airflow/run_id=r/x.log", root: "s3://logs/airflow", key: "run_id=r/x.log"},
		"below the inner of two roots":       {uri: "s3://logs/airflow/deep/r/x.log", root: "s3://logs/airflow/deep", key: "r/x.log"},
		"in a bucket that is a root":         {uri: "gs://whole/r", root: "gs://whole", key: "r"},
		"a file":                             {uri: "file:///var/log/airflow/r/x.log", root: "file:///var/log/airflow", key: "r/x.log"},
		"what Airflow names its runs":        {uri: "gs://whole/run_id=manual__2024-01-01T00:00:00+00:00/a~b", root: "gs://whole", key: "run_id=manual__2024-01-01T00:00:00+00:00/a~b"},
		"nothing":                            {uri: "", says: "s3://, gs:// or file:///"},
		"a path without a scheme":            {uri: "/var/log/airflow/r/x.log", says: "s3://, gs:// or file:///"},
		"http":                               {uri: "http://169.254.169.254/latest/meta-data", says: "s3://, gs:// or file:///"},
		"https":                              {uri: "https://logs.example.com/r/x.log", says: "s3://, gs:// or file:///"},
		"the scheme in capitals":             {uri: "S3://logs/airflow/r", says: "s3://, gs:// or file:///"},
		"another bucket":                     {uri: "s3://others/airflow/r/x.log", says: "log_roots"},
		"the same bucket elsewhere":          {uri: "gs://logs/airflow/r/x.log", says: "log_roots"},
		"beside the root":                    {uri: "s3://logs/airflow2/r/x.log", says: "log_roots"},
		"the root itself":                    {uri: "s3://logs/airflow", says: "log_roots"},
		"a folder":                           {uri: "s3://logs/airflow/r/", says: "empty element"},
		"nothing but a bucket":               {uri: "gs://whole", says: "names no file or object"},
		"two points":                         {uri: "file:///var/log/airflow/../../../etc/passwd", says: ". or .."},
		"two points at the end":              {uri: "file:///var/log/airflow/r/..", says: ". or .."},
		"one point":                          {uri: "s3://logs/airflow/./r/x.log", says: ". or .."},
		"two slashes":                        {uri: "s3://logs/airflow//r/x.log", says: "empty element"},
		"slashes before the root":            {uri: "s3://logs//airflow/r/x.log", says: "empty element"},
		"four slashes":                       {uri: "file:////var/log/airflow/r", says: "empty element"},
		"encoded points":                     {uri: "file:///var/log/airflow/%2e%2e/%2e%2e/etc/passwd", says: "not encoded"},
		"an encoded slash":                   {uri: "s3://logs/airflow%2fr/x.log", says: "not encoded"},
		"encoded twice":                      {uri: "s3://logs/airflow/%252e%252e/x", says: "not encoded"},
		"a backslash":                        {uri: `file:///var/log/airflow/..\..\etc`, says: `\`},
		"another host":                       {uri: "file://fileserver/var/log/airflow/r", says: "another machine"},
		"this host by name":                  {uri: "file://localhost/var/log/airflow/r", says: "another machine"},
		"one slash too few":                  {uri: "file://var/log/airflow/r", says: "another machine"},
		"a port":                             {uri: "s3://logs:9000/airflow/r", says: "nothing else before its path"},
		"a user":                             {uri: "s3://me:secret@logs/airflow/r", says: "nothing else before its path"},
		"no bucket":                          {uri: "s3:///airflow/r", says: "names a bucket"},
		"an endpoint of its own":             {uri: "s3://logs/airflow/r/x.log?endpoint=http://169.254.169.254", says: "nothing follows the path"},
		"a fragment":                         {uri: "s3://logs/airflow/r/x.log#x", says: "nothing follows the path"},
		"a newline":                          {uri: "s3://logs/airflow/r\n/x.log", says: "control character"},
		"a zero byte":                        {uri: "file:///var/log/airflow/r\x00/x.log", says: "control character"},
		"bytes that are no UTF-8":            {uri: "file:///var/log/airflow/r\xff/x.log", says: "no UTF-8"},
		"a very long one":                    {uri: "gs://whole/" + strings.Repeat("x/", 2000) + "r", says: "at most"},
		"an element too long for any folder": {uri: "gs://whole/" + strings.Repeat("x", 300), says: "255 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place, err := sb.ParseLogPlace(tt.uri, roots)
			if tt.says != "" {
				require.Equal(t, sb.Invalid, sb.CodeOf(err))
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.root, place.Root.String())
			require.Equal(t, tt.key, place.Key)
			require.Equal(t, tt.uri, place.URI())
		})
	}
}

func TestAPlaceNamesTheRunByAWholeElement(t *testing.T) {
	t.Parallel()
	for uri, names := range map[string]bool{
		"gs://b/run_id=signalbox-x-r-1/attempt=1.log":   true,
		"gs://b/signalbox-x-r-1/attempt=1.log":          true,
		"gs://b/x/signalbox-x-r-1":                      true,
		"gs://b/run_id=signalbox-x-r-10/attempt=1.log":  false,
		"gs://b/run_id=signalbox-x-r-1x/attempt=1.log":  false,
		"gs://b/xsignalbox-x-r-1/attempt=1.log":         false,
		"gs://b/signalbox-x-r-1.log":                    false,
		"gs://b/a=b=signalbox-x-r-1/x.log":              false,
		"gs://b/run_id=SIGNALBOX-X-R-1/attempt=1.log":   false,
		"gs://b/run_id=signalbox-x-other-1/attempt.log": false,
	} {
		place, err := sb.ParseLogPlace(uri, []sb.LogRoot{{Scheme: "gs", Bucket: "b"}})
		require.NoError(t, err)
		require.Equal(t, names, place.Names("signalbox-x-r-1"), uri)
	}
}

func TestRootsThatLieInEachOther(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, of string
		want   bool
	}{
		{"s3://b/a", "s3://b", true},
		{"s3://b/a/b?region=x", "s3://b/a?region=y", true},
		{"s3://b/a", "s3://b/a/", true},
		{"s3://b/ab", "s3://b/a", false},
		{"s3://b/a", "s3://b/a/b", false},
		{"gs://b/a", "s3://b/a", false},
		{"file:///a/../b/c", "file:///b", true},
		{"file:///b", "file://localhost/b", true},
	} {
		require.Equal(t, tt.want, rootAt(t, tt.in).Within(rootAt(t, tt.of)), "%s in %s", tt.in, tt.of)
	}
}

func TestWhatPassesIsUnderItsRoot(t *testing.T) {
	t.Parallel()
	roots := []sb.LogRoot{{Scheme: "file", Folder: "a/b"}, {Scheme: "s3", Bucket: "x", Folder: "a"}}
	rapid.Check(t, func(t *rapid.T) {
		uri := rapid.SampledFrom([]string{"file:///", "s3://x/", "s3://", ""}).Draw(t, "start") + rapid.StringMatching(`(a|b|x|\.|\.\.|/|%2e|[ -~]|é){0,12}`).Draw(t, "rest")
		place, err := sb.ParseLogPlace(uri, roots)
		if err != nil {
			return
		}
		require.Contains(t, roots, place.Root)
		require.True(t, place.In(place.Root))
		require.Equal(t, uri, place.URI())
		for element := range strings.SplitSeq(place.Key, "/") {
			require.NotContains(t, []string{"", ".", ".."}, element)
		}
	})
}

func TestTheLogSettingsOfAConfig(t *testing.T) {
	t.Parallel()
	s, faults := sb.ReadLogSettings(json.RawMessage(`{"url":"x","log_roots":["s3://b/l?region=eu","file:///logs/"],"log_template":"/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={try}.log","logs":"reference"}`))
	require.Empty(t, faults)
	require.True(t, s.Reference)
	at := sb.Place{Target: sb.Target{DAG: "etl"}, Name: "signalbox-x-r-1"}
	var uris []string
	for _, p := range slices.Concat(s.Templated(at, "load", 1), s.Templated(at, "load[3]", 2)) {
		uris = append(uris, p.URI())
	}
	require.Equal(t, []string{
		"s3://b/l/dag_id=etl/run_id=signalbox-x-r-1/task_id=load/attempt=1.log", "file:///logs/dag_id=etl/run_id=signalbox-x-r-1/task_id=load/attempt=1.log",
		"s3://b/l/dag_id=etl/run_id=signalbox-x-r-1/task_id=load/map_index=3/attempt=2.log",
		"file:///logs/dag_id=etl/run_id=signalbox-x-r-1/task_id=load/map_index=3/attempt=2.log",
	}, uris)
	require.Empty(t, s.Templated(at, "../../other", 1), "a task's name leads nowhere else")
	require.JSONEq(t, `{"url":"x"}`, string(sb.WithoutLogs(json.RawMessage(`{"url":"x","log_roots":[],"log_template":"","logs":""}`))))

	for name, tt := range map[string]struct{ config, where, says string }{
		"another type":              {`{"log_roots":"s3://b"}`, "config.log_roots", "another type"},
		"a web address":             {`{"log_roots":["http://x/y"]}`, "config.log_roots[0]", "file:///"},
		"a root without a bucket":   {`{"log_roots":["s3:///y"]}`, "config.log_roots[0]", "no bucket"},
		"all of this machine":       {`{"log_roots":["file:///"]}`, "config.log_roots[0]", "three slashes"},
		"another machine":           {`{"log_roots":["file://host/x"]}`, "config.log_roots[0]", "three slashes"},
		"an encoded root":           {`{"log_roots":["s3://b/a%2fb"]}`, "config.log_roots[0]", "not encoded"},
		"credentials":               {`{"log_roots":["s3://k:s@b/a"]}`, "config.log_roots[0]", "no place for logs"},
		"an unknown placeholder":    {`{"log_roots":["s3://b"],"log_template":"{run_id}/{nope}"}`, "config.log_template", "{nope}"},
		"a template without run":    {`{"log_roots":["s3://b"],"log_template":"{dag_id}/{task_id}.log"}`, "config.log_template", "{run_id}"},
		"a template that climbs":    {`{"log_roots":["s3://b"],"log_template":"../{run_id}"}`, "config.log_template", ".."},
		"an open brace":             {`{"log_roots":["s3://b"],"log_template":"{run_id}/{try"}`, "config.log_template", "{try"},
		"another word":              {`{"log_roots":["s3://b"],"logs":"move"}`, "config.logs", "collect"},
		"a template without a root": {`{"log_template":"{run_id}"}`, "config.log_roots", "place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := sb.ReadLogSettings(json.RawMessage(tt.config))
			require.Len(t, faults, 1)
			require.Equal(t, tt.where, faults[0].Location)
			require.Contains(t, faults[0].Message, tt.says)
		})
	}
}
