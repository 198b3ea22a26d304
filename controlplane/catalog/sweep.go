package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	sweepEvery = 24 * time.Hour
	// keepPut is how young an archive must be to be left alone: it may have just been put for a row to come.
	keepPut = time.Hour
)

// Run forgets old revisions and deletes their archives, once at the start and then daily, until ctx is done. A sweep
// that fails is logged and tried again at the next one.
func (c *Catalog) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if n, err := c.Sweep(ctx); err != nil && ctx.Err() == nil {
			logrus.WithError(err).Warn("old plugin revisions were not swept; trying again tomorrow")
		} else if n > 0 {
			logrus.WithField("archives", n).Info("archives of old plugin revisions deleted")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Sweep forgets the revisions that no run needs any more and deletes the archives that no revision has any more. It
// tells how many archives it deleted. One that cannot be deleted does not keep the others.
func (c *Catalog) Sweep(ctx context.Context) (deleted int, err error) {
	c.sweeps.Lock()
	defer c.sweeps.Unlock()
	hashes, err := c.store.ForgetRevisions(ctx)
	if err != nil {
		return 0, err
	}
	var failures []error
	for _, hash := range hashes {
		gone, err := c.deleteArchive(ctx, sb.ArchiveKey(hash))
		if err != nil {
			failures = append(failures, err)
		}
		if gone {
			deleted++
		}
	}
	return deleted, errors.Join(failures...)
}

// deleteArchive deletes an archive unless it was put just now, by an installation of the same bytes.
func (c *Catalog) deleteArchive(ctx context.Context, key string) (bool, error) {
	old := false
	err := c.blobs.List(ctx, key, func(b sb.Blob) error {
		old = old || b.Key == key && time.Since(b.Modified) > keepPut
		return nil
	})
	if err != nil || !old {
		return false, err
	}
	return true, c.blobs.Delete(ctx, key)
}
