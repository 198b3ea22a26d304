package config

import (
	"net/url"
	"slices"

	sb "signalbox"
)

// Blobs is where logs, plugin archives and large results are kept.
type Blobs struct {
	LogsURL  string `envconfig:"SIGNALBOX_LOGS_URL" shown:"a folder in the data folder" desc:"Where logs are kept: file:///folder, s3://bucket/prefix?region=… or gs://bucket/prefix."`
	BlobsURL string `envconfig:"SIGNALBOX_BLOBS_URL" shown:"beside the logs" desc:"Where plugin archives and large results are kept, in the same forms."`
}

func (b *Blobs) validate() []sb.Fault {
	return append(
		fault(b.LogsURL == "" || store(b.LogsURL), "SIGNALBOX_LOGS_URL", "must begin with file:///, s3:// or gs://", nil),
		fault(b.BlobsURL == "" || store(b.BlobsURL), "SIGNALBOX_BLOBS_URL", "must begin with file:///, s3:// or gs://", nil)...,
	)
}

func store(text string) bool {
	u, err := url.Parse(text)
	if err != nil || !slices.Contains([]string{"file", "s3", "gs"}, u.Scheme) {
		return false
	}
	return (u.Scheme == "file") == (u.Host == "") && (u.Host != "" || u.Path != "")
}
