package logplaces_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	sb "signalbox"
	"signalbox/controlplane/logplaces"
)

// same is an object in memory.
type same struct {
	sb.ForeignBlobs
	text string
}

func (s same) Near(_ context.Context, _ sb.LogRoot, key string) ([]sb.Blob, error) {
	return []sb.Blob{{Key: key, Size: int64(len(s.text))}}, nil
}

func (s same) Get(context.Context, sb.LogRoot, string, int64, int64) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(s.text)), nil
}

func BenchmarkReading(b *testing.B) {
	for name, line := range map[string]string{
		"text of Airflow 2": "[2026-05-01T10:00:00.123+0000] {logging_mixin.py:190} INFO - image %06d of 100000: brightness 0.51, contrast 0.22\n",
		"JSON of Airflow 3": `{"timestamp":"2026-05-01T10:00:00.123456Z","level":"info","event":"image %06d of 100000","logger":"task.stdout"}` + "\n",
		"Kubernetes":        "2026-05-01T10:00:00.123456789Z stdout F image %06d of 100000: brightness 0.51, contrast 0.22\n",
	} {
		b.Run(name, func(b *testing.B) {
			var text strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&text, line, i)
			}
			p := logplaces.New(same{text: text.String()}, logplaces.Options{})
			w := there{root: "s3://logs"}
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				log, err := p.Reported(b.Context(), w.orchestrator(""), w.uri("x/x.log"))
				if err == nil {
					_, err = io.Copy(io.Discard, log)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
