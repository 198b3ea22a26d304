package blobs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
	"gocloud.dev/gcp"

	sb "signalbox"
)

// A large object is sent in parts, one on its way while the next is filled. The smallest part that S3 takes allows 48 GiB, its 10,000
// parts. More and larger ones are hardly faster, since what is sent is read somewhere too, and as they are kept in memory the library's
// own numbers would take 48 MiB for each object.
const (
	partBytes   = 5 << 20
	partsAtOnce = 1
)

// bucket is a place for objects in the cloud. Listing is in the order of keys there already.
type bucket struct {
	b    *blob.Bucket
	name string // for messages
}

var _ Store = (*bucket)(nil)

var s3Options = []string{
	"region", "endpoint", "use_path_style", "profile", "ssetype", "kmskeyid", "dualstack", "fips",
	"request_checksum_calculation", "response_checksum_validation",
}

func openS3(ctx context.Context, u *url.URL) (Store, error) {
	if err := onlyOptions(u, s3Options...); err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, sb.Errorf(sb.Invalid, "the URL of the object store names no bucket; %s", forms)
	}
	if err := checkEndpoint(u); err != nil {
		return nil, err
	}
	q := u.Query()
	if !q.Has("response_checksum_validation") {
		q.Set("response_checksum_validation", "when_required") // else the SDK prints a warning for every range
	}
	b, err := new(s3blob.URLOpener).OpenBucketURL(ctx, &url.URL{Scheme: "s3", Host: u.Host, RawQuery: q.Encode()})
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "an option of the object store's URL has a value that cannot be used; %s", forms) // the cause would quote it
	}
	return newBucket(b, u), nil
}

func checkEndpoint(u *url.URL) error {
	if e := u.Query().Get("endpoint"); e != "" && !strings.HasPrefix(e, "http://") && !strings.HasPrefix(e, "https://") {
		return sb.Errorf(sb.Invalid, "the endpoint of the object store begins with neither http:// nor https://; write endpoint=https://host:port")
	}
	return nil
}

func openGCS(ctx context.Context, u *url.URL) (Store, error) {
	if err := onlyOptions(u, "anonymous"); err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, sb.Errorf(sb.Invalid, "the URL of the object store names no bucket; %s", forms)
	}
	client, err := gcsClient(ctx, gcp.DefaultTransport(), u.Query().Get("anonymous") == "true")
	if err != nil {
		return nil, err
	}
	b, err := gcsblob.OpenBucket(ctx, client, u.Host, nil)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the bucket %s cannot be opened", u.Host)
	}
	return newBucket(b, u), nil
}

func gcsClient(ctx context.Context, transport http.RoundTripper, anonymous bool) (*gcp.HTTPClient, error) {
	if anonymous {
		return gcp.NewAnonymousHTTPClient(transport), nil
	}
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "there are no Google credentials; set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is attached")
	}
	client, err := gcp.NewHTTPClient(transport, gcp.CredentialsTokenSource(credentials))
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the Google credentials cannot be used")
	}
	return client, nil
}

func newBucket(b *blob.Bucket, u *url.URL) *bucket {
	if prefix := prefixOf(u); prefix != "" {
		b = blob.PrefixedBucket(b, prefix)
	}
	return &bucket{b, u.Scheme + "://" + u.Host}
}

func (c *bucket) Put(ctx context.Context, key string, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := c.b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType(key), BufferSize: partBytes, MaxConcurrency: partsAtOnce})
	if err != nil {
		return c.fail(err, "write", key)
	}
	if _, err := io.Copy(w, r); err != nil {
		cancel() // so that closing writes nothing
		_ = w.Close()
		return c.fail(err, "write", key)
	}
	if err := w.Close(); err != nil {
		return c.fail(err, "write", key)
	}
	return nil
}

func (c *bucket) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	r, err := c.b.NewRangeReader(ctx, key, offset, length, nil)
	if err == nil {
		return r, nil
	}
	// A range at or behind the end is an error in the cloud; here it is empty, if the object exists.
	if gcerrors.Code(err) != gcerrors.NotFound && offset > 0 {
		if size, sizeErr := c.Size(ctx, key); sizeErr == nil && offset >= size {
			return io.NopCloser(strings.NewReader("")), nil
		}
	}
	return nil, c.fail(err, "read", key)
}

func (c *bucket) Size(ctx context.Context, key string) (int64, error) {
	a, err := c.b.Attributes(ctx, key)
	if err != nil {
		return 0, c.fail(err, "read", key)
	}
	return a.Size, nil
}

func (c *bucket) List(ctx context.Context, prefix string, f func(sb.Blob) error) error {
	it := c.b.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.fail(err, "list", prefix)
		}
		if err := f(sb.Blob{Key: o.Key, Size: o.Size, Modified: o.ModTime}); err != nil {
			return err
		}
	}
}

func (c *bucket) Delete(ctx context.Context, key string) error {
	if err := c.b.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return c.fail(err, "delete", key)
	}
	return nil
}

func (c *bucket) Ready(ctx context.Context) error {
	ok, err := c.b.IsAccessible(ctx)
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the bucket %s cannot be reached", c.name)
	}
	if !ok {
		return sb.Errorf(sb.Unavailable, "the bucket %s does not exist", c.name)
	}
	return nil
}

func (c *bucket) Close() error {
	if err := c.b.Close(); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the bucket %s cannot be closed", c.name)
	}
	return nil
}

// fail gives an error its code. One that has a code already, such as a reader's, stays as it is.
func (c *bucket) fail(err error, verb, key string) error {
	var coded *sb.Error
	switch {
	case errors.As(err, &coded):
		return coded
	case gcerrors.Code(err) == gcerrors.NotFound:
		return sb.Wrap(err, sb.NotFound, "the object %s does not exist", key)
	}
	return sb.Wrap(err, sb.Unavailable, "could not %s the object %s in %s", verb, key, c.name)
}

func contentType(key string) string {
	if strings.HasSuffix(key, ".log") {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
