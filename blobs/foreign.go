package blobs

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"

	sb "signalbox"
)

// Foreign reads objects where others keep them: the objects of ours it never reads. It keeps buckets open until Close.
type Foreign struct {
	transport http.RoundTripper
	own       []string // folders of ours

	mu      sync.Mutex
	buckets map[sb.LogRoot]*blob.Bucket
}

var _ sb.ForeignBlobs = (*Foreign)(nil)

// NewForeign makes a reader of foreign objects, which reaches buckets by the transport and reads nothing below the folders,
// by whatever name they are reached. Credentials come from the environment, as those of our own stores do.
func NewForeign(transport http.RoundTripper, ownFolders ...string) *Foreign {
	return &Foreign{transport: transport, own: ownFolders, buckets: map[sb.LogRoot]*blob.Bucket{}}
}

// Near lists the objects of one folder whose key begins with a key.
func (f *Foreign) Near(ctx context.Context, root sb.LogRoot, key string) ([]sb.Blob, error) {
	if root.Scheme == "file" {
		return f.nearFiles(root, key)
	}
	b, err := f.bucket(ctx, root)
	if err != nil {
		return nil, err
	}
	return nearObjects(ctx, b, root, key)
}

// Get reads a part of an object.
func (f *Foreign) Get(ctx context.Context, root sb.LogRoot, key string, offset, length int64) (io.ReadCloser, error) {
	if root.Scheme == "file" {
		return f.getFile(ctx, root, key, offset, length)
	}
	b, err := f.bucket(ctx, root)
	if err != nil {
		return nil, err
	}
	r, err := b.NewRangeReader(ctx, within(root, key), offset, length, nil)
	if err != nil {
		return nil, failForeign(ctx, b, root, key, err)
	}
	return r, nil
}

// Readable tells whether a root can be listed.
func (f *Foreign) Readable(ctx context.Context, root sb.LogRoot) error {
	if root.Scheme == "file" {
		return f.readableFolder(root)
	}
	b, err := f.bucket(ctx, root)
	if err != nil {
		return err
	}
	return readableBucket(ctx, b, root)
}

// Close closes what is open.
func (f *Foreign) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.buckets {
		_ = b.Close()
	}
	clear(f.buckets)
	return nil
}

// bucket opens the bucket of a root, once for all its folders.
func (f *Foreign) bucket(ctx context.Context, root sb.LogRoot) (*blob.Bucket, error) {
	root.Folder = ""
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.buckets[root]; b != nil {
		return b, nil
	}
	b, err := f.open(context.WithoutCancel(ctx), root) // it outlives who opens it
	if err == nil {
		f.buckets[root] = b
	}
	return b, err
}

func (f *Foreign) open(ctx context.Context, root sb.LogRoot) (*blob.Bucket, error) {
	u := &url.URL{Scheme: root.Scheme, Host: root.Bucket, RawQuery: root.Options}
	if root.Scheme == "gs" {
		return f.openForeignGCS(ctx, u)
	}
	return f.openForeignS3(ctx, u)
}

// foreignS3 are the options of a root: those that say how to reach it.
var foreignS3 = []string{"region", "endpoint", "use_path_style", "profile", "dualstack", "fips"}

// CheckRoot tells what is wrong with the options of a root. Errors: Invalid.
func CheckRoot(root sb.LogRoot) error {
	u := &url.URL{Scheme: root.Scheme, Host: root.Bucket, RawQuery: root.Options}
	if root.Scheme == "gs" {
		return onlyOptions(u, "anonymous")
	}
	if err := onlyOptions(u, foreignS3...); err != nil {
		return err
	}
	return checkEndpoint(u)
}

func (f *Foreign) openForeignS3(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	if err := CheckRoot(sb.LogRoot{Scheme: u.Scheme, Bucket: u.Host, Options: u.RawQuery}); err != nil {
		return nil, err
	}
	q := u.Query()
	pathStyle := q.Get("use_path_style") == "true"
	q.Del("use_path_style")
	q.Set("response_checksum_validation", "when_required")
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, q)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "an option of the root has a value that cannot be used; %s", forms) // the cause would quote it
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.RetryMaxAttempts = 2 // what fails is read again by who wanted it
		o.HTTPClient = &http.Client{Transport: f.transport, CheckRedirect: noRedirect}
	})
	b, err := s3blob.OpenBucket(ctx, client, u.Host, nil)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the bucket %s cannot be opened", u.Host)
	}
	return b, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (f *Foreign) openForeignGCS(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	if err := onlyOptions(u, "anonymous"); err != nil {
		return nil, err
	}
	client, err := gcsClient(ctx, f.transport, u.Query().Get("anonymous") == "true")
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = noRedirect
	b, err := gcsblob.OpenBucket(ctx, client, u.Host, nil)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the bucket %s cannot be opened", u.Host)
	}
	return b, nil
}
