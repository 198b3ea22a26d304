package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/controlplane/config"
	"signalbox/controlplane/logplaces"
	"signalbox/controlplane/store"
)

// elsewhere makes the reading of logs where others keep them, which never reads what is ours.
func elsewhere(c config.Config, f foundation) *logplaces.Places {
	return logplaces.New(f.foreign, logplaces.Options{Own: ownPlaces(c), Check: blobs.CheckRoot})
}

// ownPlaces are our stores, and the folders of ours on this machine.
func ownPlaces(c config.Config) (own []sb.LogRoot) {
	for _, store := range []string{c.Blobs.LogsURL, c.Blobs.BlobsURL} {
		if root, err := sb.ParseLogRoot(store); err == nil {
			own = append(own, root)
		}
	}
	for _, folder := range ownFolders(c) {
		own = append(own, sb.LogRoot{Scheme: "file", Folder: strings.Trim(filepath.ToSlash(folder), "/")})
	}
	if c.Secrets.Keyset != "" && !strings.Contains(c.Secrets.Keyset, "://") {
		own = append(own, sb.LogRoot{Scheme: "file", Folder: strings.Trim(filepath.ToSlash(c.Secrets.Keyset), "/")})
	}
	return own
}

// ownFolders are the folders of ours on this machine: that of the data, and of stores that are folders.
func ownFolders(c config.Config) []string {
	own := []string{c.Server.DataDir}
	for _, store := range []string{c.Blobs.LogsURL, c.Blobs.BlobsURL} {
		if root, err := sb.ParseLogRoot(store); err == nil && root.Scheme == "file" {
			own = append(own, "/"+root.Folder)
		}
	}
	return own
}

// referenced are logs that stay where others keep them.
type referenced struct {
	store  *store.Store
	places *logplaces.Places
}

// Open opens the log of a run where it lies, if it may still be read there.
func (r referenced) Open(ctx context.Context, run sb.Run, uri string) (io.ReadCloser, error) {
	o, err := r.store.Orchestrator(ctx, run.OrchestratorID)
	if sb.CodeOf(err) == sb.NotFound {
		err = sb.Errorf(sb.Gone, "the log lies at %s, and the orchestrator that said so was removed", uri)
	}
	if err != nil {
		return nil, err
	}
	found, err := r.places.Reported(ctx, o, uri)
	return found.ReadCloser, err
}
