package signalbox

import (
	"context"
	"io"
	"time"
)

// Blobs keeps objects under keys such as "do_logs/2026/05/01/x.log": in a folder, S3 or GCS. Safe for use by
// several goroutines. Errors: NotFound, Unavailable.
type Blobs interface {
	// Put writes the whole of r under key and returns when it is durable. An object of that key is replaced. When
	// r or the call fails, nothing is written.
	Put(ctx context.Context, key string, r io.Reader) error
	// Get reads length bytes from offset, to the end if length < 0. The caller closes it.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// Size tells how many bytes an object has.
	Size(ctx context.Context, key string) (int64, error)
	// List calls f for each object whose key begins with prefix, in the order of keys, until f returns an error.
	List(ctx context.Context, prefix string, f func(Blob) error) error
	// Delete removes an object; that there is none is fine.
	Delete(ctx context.Context, key string) error
}

// Blob is an object in a list.
type Blob struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// ForeignBlobs reads objects where others keep them, below roots that an admin lists. It never writes, and never follows a
// link. Safe for use by several goroutines. Errors, each with words of its own: NotFound (the bucket, or the object),
// Forbidden (this process may not read it), Invalid (a link, a device, or what else is no file; a root that cannot be used),
// Unavailable.
type ForeignBlobs interface {
	// Near lists the objects of one folder whose key begins with a key, by their keys below the root; none is fine.
	Near(ctx context.Context, root LogRoot, key string) ([]Blob, error)
	// Get reads length bytes of an object from offset. The caller closes it.
	Get(ctx context.Context, root LogRoot, key string, offset, length int64) (io.ReadCloser, error)
	// Readable tells whether a root can be listed.
	Readable(ctx context.Context, root LogRoot) error
}
