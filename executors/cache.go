package executors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sb "signalbox"
)

// Limits of the cache of plugins.
const (
	fetchMost   = 10 * time.Minute    // for one download
	fetchFor    = 2 * time.Minute     // of downloads that fail while all else is answered
	heardMost   = 15 * time.Second    // without a renewed lease the control plane is away, and no download can succeed
	fetchTries  = 5                   // of downloads that arrive damaged
	cacheUnused = 30 * 24 * time.Hour // then a folder is removed; longer than any attempt
)

// cache holds unpacked plugins by the hash of their archive. A folder is there whole or not at all, so several workers
// can share it.
type cache struct {
	dir    string
	limits sb.ArchiveLimits
}

// folder gives the folder of a plugin's manifest; download writes the archive. Errors: Invalid, TooLarge, and those of
// download that repeating cannot help.
func (c cache) folder(ctx context.Context, p sb.ClaimPlugin, download func(context.Context, *os.File) error) (string, error) {
	if b, err := hex.DecodeString(p.SHA256); err != nil || len(b) != sha256.Size {
		return "", sb.Errorf(sb.Invalid, "the claim names no archive of plugin %s", p.Name)
	}
	if p.Root != "" && !filepath.IsLocal(p.Root) {
		return "", sb.Errorf(sb.Invalid, "plugin %s has its manifest outside of its archive", p.Name)
	}
	home := filepath.Join(c.dir, p.SHA256)
	if err := c.touch(home); errors.Is(err, fs.ErrNotExist) {
		if err := c.fill(ctx, home, p, download); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", sb.Wrap(err, sb.Internal, "the worker's cache of plugins cannot be used")
	}
	return filepath.Join(home, p.Root), nil
}

// touch notes that a folder is used now.
func (cache) touch(home string) error { return os.Chtimes(home, time.Time{}, time.Now()) }

// fill downloads and unpacks aside, then puts the folder into its place at once. Who comes second finds it there.
func (c cache) fill(ctx context.Context, home string, p sb.ClaimPlugin, download func(context.Context, *os.File) error) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return sb.Wrap(err, sb.Internal, "the worker's cache of plugins cannot be used")
	}
	aside, err := os.MkdirTemp(c.dir, "new-")
	if err != nil {
		return sb.Wrap(err, sb.Internal, "the worker's cache of plugins cannot be used")
	}
	defer func() { _ = os.RemoveAll(aside) }()
	archive, err := os.Create(filepath.Join(aside, "archive.zip"))
	if err != nil {
		return sb.Wrap(err, sb.Internal, "the worker's cache of plugins cannot be used")
	}
	defer func() { _ = archive.Close() }()
	size, err := fetch(ctx, archive, p, download)
	if err != nil {
		return err
	}
	unpacked := filepath.Join(aside, "unpacked")
	if err := sb.Unpack(archive, size, unpacked, c.limits); err != nil {
		return err
	}
	if err := os.Rename(unpacked, home); err != nil && c.touch(home) != nil {
		return sb.Wrap(err, sb.Internal, "the worker's cache of plugins cannot be used")
	}
	return nil
}

// fetch downloads until the archive is whole.
func fetch(ctx context.Context, archive *os.File, p sb.ClaimPlugin, download func(context.Context, *os.File) error) (size int64, err error) {
	tries := 0
	err = persist(ctx, fetchMost, func(ctx context.Context) error {
		if err := archive.Truncate(0); err != nil {
			return err
		}
		if _, err := archive.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := download(ctx, archive); err != nil {
			return err
		}
		sum, n, err := hashOf(archive)
		if err != nil || sum == p.SHA256 {
			size = n
			return err
		}
		if tries++; tries == fetchTries {
			return sb.Errorf(sb.Invalid, "the archive of plugin %s does not arrive as it was pinned", p.Name)
		}
		return sb.Errorf(sb.Unavailable, "the archive of plugin %s arrived damaged", p.Name)
	})
	return size, err
}

// spell is a time in which downloads fail while the control plane answers all else.
type spell struct{ since time.Time }

// over tells at a failure whether it was the last. While the control plane is away the time does not count.
func (s *spell) over(now, heard time.Time) bool {
	if s.since.IsZero() || now.Sub(heard) > heardMost {
		s.since = now
	}
	return now.Sub(s.since) >= fetchFor
}

func hashOf(f *os.File) (sum string, size int64, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// forget removes folders that were not used for long, and what a crash left behind.
func (c cache) forget(now time.Time) {
	entries, _ := os.ReadDir(c.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > cacheUnused {
			_ = os.RemoveAll(filepath.Join(c.dir, e.Name()))
		}
	}
}
