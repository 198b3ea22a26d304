// Package blobs keeps objects in a folder, in S3 or in Google Cloud Storage, chosen by one URL. An object is whole and
// durable once Put has returned, or it is not there at all. It is the only package that imports cloud storage SDKs.
package blobs

import (
	"context"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	sb "signalbox"
)

// Store is an open place for objects.
type Store interface {
	sb.Blobs
	io.Closer
	// Ready tells whether the place can be reached. Errors: Unavailable.
	Ready(ctx context.Context) error
}

// forms says what a URL may look like, for the errors that refuse one.
const forms = "write file:///folder, s3://bucket/prefix?region=… (with endpoint=http://…&use_path_style=true for a server other than Amazon's), or gs://bucket/prefix"

// Open opens the place that a URL names; a folder is made if it is missing, a bucket is not. Credentials come from the
// environment, as the cloud's own tools take them, never from the URL. Errors: Invalid (the URL, said without what
// could be a secret in it), Unavailable.
func Open(ctx context.Context, address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "the URL of the object store cannot be read; %s", forms) // the cause would quote it
	}
	if u.User != nil {
		return nil, sb.Errorf(sb.Invalid, "the URL of the object store holds credentials; give them in the environment instead, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	switch u.Scheme {
	case "file":
		return openFolder(u)
	case "s3":
		return openS3(ctx, u)
	case "gs":
		return openGCS(ctx, u)
	}
	return nil, sb.Errorf(sb.Invalid, "the URL of the object store begins with none of file://, s3://, gs://; %s", forms)
}

func openFolder(u *url.URL) (Store, error) {
	if u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
		return nil, sb.Errorf(sb.Invalid, "a file URL names an absolute path after three slashes, such as file:///var/lib/signalbox/logs")
	}
	if err := onlyOptions(u); err != nil {
		return nil, err
	}
	return OpenFiles(filepath.Clean(u.Path))
}

// onlyOptions refuses query parameters that are not named; their values are not quoted.
func onlyOptions(u *url.URL, known ...string) error {
	for key := range u.Query() {
		if !slices.Contains(known, key) {
			names := "none"
			if len(known) > 0 {
				names = strings.Join(known, ", ")
			}
			return sb.Errorf(sb.Invalid, "the URL of the object store has an unknown option %q; known for %s:// are: %s", key, u.Scheme, names)
		}
	}
	return nil
}

// prefixOf gives the prefix in a bucket that a URL's path names, with a slash at its end, or "".
func prefixOf(u *url.URL) string {
	p := strings.Trim(u.Path, "/")
	if p == "" {
		return ""
	}
	return p + "/"
}
