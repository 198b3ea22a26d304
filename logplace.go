package signalbox

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLog is the most bytes of one log that are read from where others keep it, unpacked.
const MaxLog = 10 << 30

// maxLogURI is the longest place of a log, in bytes.
const maxLogURI = 2048

// LogRoot is where others keep logs, as an admin lists it: a bucket, a folder in one, or a folder of this machine. It is
// comparable.
type LogRoot struct {
	Scheme  string // s3, gs or file
	Bucket  string // "" for a folder of this machine
	Folder  string // elements with slashes between, none around; "" is all of a bucket
	Options string // how the bucket is reached, as the query of a URL; the admin's word alone
}

// logRootForms says what a root may look like, for the errors that refuse one.
const logRootForms = "write s3://bucket/folder (with ?region=…, and ?endpoint=https://…&use_path_style=true for a server other than Amazon's), gs://bucket/folder or file:///folder"

// ParseLogRoot reads a root as it stands in a config, or the URL of a store of ours. Errors: Invalid.
func ParseLogRoot(text string) (LogRoot, error) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Fragment != "" {
		return LogRoot{}, Errorf(Invalid, "this is no place for logs; %s", logRootForms)
	}
	r := LogRoot{Scheme: u.Scheme, Bucket: u.Host, Folder: strings.Trim(path.Clean("/"+u.Path), "/"), Options: u.RawQuery}
	switch u.Scheme {
	case "s3", "gs":
		if r.Bucket == "" {
			return r, Errorf(Invalid, "it names no bucket; %s", logRootForms)
		}
	case "file":
		if r.Bucket == "localhost" {
			r.Bucket = ""
		}
		if r.Bucket != "" || r.Folder == "" || r.Options != "" {
			return r, Errorf(Invalid, "a folder of this machine is written with three slashes, such as file:///opt/airflow/logs, and is not all of it")
		}
	default:
		return r, Errorf(Invalid, "it begins with none of s3://, gs://, file:///; %s", logRootForms)
	}
	return r, nil
}

// String is the root without its options.
func (r LogRoot) String() string {
	return strings.TrimSuffix(r.Scheme+"://"+r.Bucket+"/"+r.Folder, "/")
}

// Overlaps tells whether one of the roots lies in the other, or both are the same. How they are reached does not count: two
// names of one server are not told apart.
func (r LogRoot) Overlaps(other LogRoot) bool { return r.holds(other) || other.holds(r) }

// Within tells whether a root lies in another, or is it.
func (r LogRoot) Within(other LogRoot) bool { return other.holds(r) }

func (r LogRoot) holds(other LogRoot) bool {
	if r.Scheme != other.Scheme || r.Bucket != other.Bucket {
		return false
	}
	return r.Folder == "" || other.Folder == r.Folder || strings.HasPrefix(other.Folder, r.Folder+"/")
}

// LogPlace is where a log lies below a root.
type LogPlace struct {
	Root LogRoot
	Key  string // elements below the root, with slashes between
}

// URI is the place as people write it.
func (p LogPlace) URI() string { return p.Root.String() + "/" + p.Key }

// at is the place as if it were a root.
func (p LogPlace) at() LogRoot {
	return LogRoot{Scheme: p.Root.Scheme, Bucket: p.Root.Bucket, Folder: strings.TrimPrefix(p.Root.Folder+"/"+p.Key, "/")}
}

// In tells whether the place lies in a root.
func (p LogPlace) In(root LogRoot) bool { return root.holds(p.at()) }

// Names tells whether one of the names is an element of the place: all of it, or what follows the = of key=name, as Airflow
// writes run_id=….
func (p LogPlace) Names(names ...string) bool {
	for element := range strings.SplitSeq(p.at().Folder, "/") {
		if _, value, cut := strings.Cut(element, "="); cut && slices.Contains(names, value) {
			return true
		}
		if slices.Contains(names, element) {
			return true
		}
	}
	return false
}

// ParseLogPlace reads where a log is said to be and finds the root that it lies under: the innermost of those that fit. What
// is said is taken as it stands: nothing in it is decoded, and nothing says how to get there. Errors: Invalid, with what to
// do.
func ParseLogPlace(uri string, roots []LogRoot) (LogPlace, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	bucket, key, _ := strings.Cut(rest, "/")
	switch {
	case len(uri) > maxLogURI:
		return LogPlace{}, Errorf(Invalid, "the place of a log has at most %d bytes", maxLogURI)
	case !ok || !slices.Contains([]string{"s3", "gs", "file"}, scheme):
		return LogPlace{}, Errorf(Invalid, "the place of a log begins with s3://, gs:// or file:///")
	case scheme == "file" && bucket != "":
		return LogPlace{}, Errorf(Invalid, "a file of another machine cannot be read; a file here is written with three slashes: file:///…")
	case scheme != "file" && (bucket == "" || strings.ContainsAny(bucket, "@:")):
		return LogPlace{}, Errorf(Invalid, "the place of a log names a bucket and nothing else before its path, as in s3://bucket/path")
	}
	if wrong := badKey(key); wrong != "" {
		return LogPlace{}, Errorf(Invalid, "the place of a log %s", wrong)
	}
	whole := LogPlace{Root: LogRoot{Scheme: scheme, Bucket: bucket}, Key: key}
	best := LogPlace{}
	for _, r := range roots {
		if whole.In(r) && whole.at().Folder != r.Folder && len(r.Folder) >= len(best.Root.Folder) {
			best = LogPlace{Root: r, Key: strings.TrimPrefix(strings.TrimPrefix(key, r.Folder), "/")}
		}
	}
	if best.Key == "" {
		return best, Errorf(Invalid, "the place of the log lies under none of this orchestrator's log_roots; an admin lists there where logs may be read, or send the log with POST /work/{run}/logs")
	}
	return best, nil
}

// badKey tells what is wrong with a path; "" for nothing. What could be read in two ways is refused.
func badKey(key string) string {
	switch {
	case key == "":
		return "names no file or object"
	case strings.ContainsAny(key, "?#"):
		return "has a ? or #: nothing follows the path"
	case strings.Contains(key, "%"):
		return "holds a %: write the path as it is, not encoded"
	case strings.Contains(key, `\`):
		return `holds a \: elements are parted by /`
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }):
		return "holds a control character, or bytes that are no UTF-8"
	}
	for element := range strings.SplitSeq(key, "/") {
		switch element {
		case "":
			return "has an empty element: no two slashes in a row, and none at the end"
		case ".", "..":
			return "has . or .. as an element"
		}
		if len(element) > 255 {
			return "has an element of more than 255 bytes"
		}
	}
	return ""
}
