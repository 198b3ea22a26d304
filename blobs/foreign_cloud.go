package blobs

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	sb "signalbox"
)

// nearMost is how many objects are looked at beside one.
const nearMost = 1000

// within is the whole key of an object below a root.
func within(root sb.LogRoot, key string) string { return path.Join(root.Folder, key) }

// nearObjects lists one folder's objects. Where listing is denied, the one object may be read all the same.
func nearObjects(ctx context.Context, b *blob.Bucket, root sb.LogRoot, key string) ([]sb.Blob, error) {
	whole := within(root, key)
	it := b.List(&blob.ListOptions{Prefix: whole, Delimiter: "/"})
	var found []sb.Blob
	for range nearMost {
		o, err := it.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case gcerrors.Code(err) == gcerrors.PermissionDenied:
			return oneObject(ctx, b, root, key)
		case err != nil:
			return nil, failForeign(ctx, b, root, key, err)
		}
		if !o.IsDir {
			found = append(found, sb.Blob{Key: key + strings.TrimPrefix(o.Key, whole), Size: o.Size, Modified: o.ModTime})
		}
	}
	return found, nil
}

func oneObject(ctx context.Context, b *blob.Bucket, root sb.LogRoot, key string) ([]sb.Blob, error) {
	a, err := b.Attributes(ctx, within(root, key))
	if err != nil {
		return nil, failForeign(ctx, b, root, key, err)
	}
	return []sb.Blob{{Key: key, Size: a.Size, Modified: a.ModTime}}, nil
}

func readableBucket(ctx context.Context, b *blob.Bucket, root sb.LogRoot) error {
	prefix := root.Folder
	if prefix != "" {
		prefix += "/"
	}
	_, err := b.List(&blob.ListOptions{Prefix: prefix}).Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		return failForeign(ctx, b, root, "", err)
	}
	return nil
}

// failForeign says what happened at a foreign bucket. The cause is for the log alone.
func failForeign(ctx context.Context, b *blob.Bucket, root sb.LogRoot, key string, err error) error {
	bucket := root.Scheme + "://" + root.Bucket
	switch gcerrors.Code(err) { //nolint:exhaustive // the rest is all the same
	case gcerrors.PermissionDenied:
		return sb.Wrap(err, sb.Forbidden, "reading %s is denied", sb.LogPlace{Root: root, Key: key}.URI())
	case gcerrors.NotFound:
		if there, accessErr := b.IsAccessible(ctx); accessErr == nil && !there {
			return sb.Wrap(err, sb.NotFound, "there is no bucket %s", bucket)
		}
		return sb.Wrap(err, sb.NotFound, "there is no object %s", sb.LogPlace{Root: root, Key: key}.URI())
	}
	return sb.Wrap(err, sb.Unavailable, "the bucket %s cannot be read now", bucket)
}
