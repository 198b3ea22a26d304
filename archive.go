package signalbox

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ArchiveLimits bound a plugin archive, so that no upload fills a disk or the memory. A zero field is its default.
type ArchiveLimits struct {
	Size     int64 // bytes of the archive; default 100 MiB
	Unpacked int64 // bytes of all files together; default 1 GiB
	Files    int   // files and folders; default 10,000
	Ratio    int64 // how many times larger than packed a file over 1 MiB may be; default 200
}

// What a limit is when it is not set.
const (
	defaultArchiveSize     = 100 << 20
	defaultArchiveUnpacked = 1 << 30
	defaultArchiveFiles    = 10_000
	defaultArchiveRatio    = 200
)

// Bounds of archives that nobody needs to set.
const (
	ratioFrom       = 1 << 20 // smaller files may be packed as well as they can
	listingPerFile  = 512     // bytes of the archive's list of files; names are seldom over 100
	listingBase     = 256 << 10
	maxNameBytes    = 1024
	maxElementBytes = 255
)

// WithDefaults gives the limits with every zero field replaced by its default.
func (l ArchiveLimits) WithDefaults() ArchiveLimits {
	orDefault := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	orDefault(&l.Size, defaultArchiveSize)
	orDefault(&l.Unpacked, defaultArchiveUnpacked)
	orDefault(&l.Ratio, defaultArchiveRatio)
	if l.Files == 0 {
		l.Files = defaultArchiveFiles
	}
	return l
}

// Archive is a plugin archive whose list of files is safe: every name stays inside, no name comes twice, there are
// only folders and regular files, and the sizes it declares are within the limits.
type Archive struct {
	Files []ArchiveFile // in the archive's order
}

// ArchiveFile is a file or folder of an archive.
type ArchiveFile struct {
	Name string // clean, with slashes, without one at its end
	Dir  bool
	Size int64 // bytes, as declared; reading gives no more
	file *zip.File
}

// Open reads the file. Reading more than its declared size, or bytes that are not those which were packed, fails.
func (f ArchiveFile) Open() (io.ReadCloser, error) {
	r, err := f.file.Open()
	if err != nil {
		return nil, Wrap(err, Invalid, "the archive's file %q cannot be read", f.Name)
	}
	return r, nil
}

// OpenArchive reads an archive's list of files and checks it, without reading the files. The archive is usable as
// long as r is. Errors: Invalid, TooLarge.
func OpenArchive(r io.ReaderAt, size int64, limits ArchiveLimits) (Archive, error) {
	limits = limits.WithDefaults()
	if size > limits.Size {
		return Archive{}, Errorf(TooLarge, "the archive has %d bytes; at most %d are allowed", size, limits.Size)
	}
	listing := &meteredReader{r: r, left: listingBase + int64(limits.Files)*listingPerFile}
	z, err := zip.NewReader(listing, size)
	if errors.Is(err, errListing) {
		return Archive{}, Errorf(TooLarge, "the archive's list of files is too large; at most %d files are allowed", limits.Files)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return Archive{}, Wrap(err, Invalid, "this is not a ZIP archive, or it is damaged")
	}
	listing.open = true
	return listFiles(z, size, limits)
}

// CheckArchive opens an archive and reads every file once, so that a damaged one is found now and not when a run
// needs it. Errors: Invalid, TooLarge.
func CheckArchive(r io.ReaderAt, size int64, limits ArchiveLimits) (Archive, error) {
	a, err := OpenArchive(r, size, limits)
	if err != nil {
		return Archive{}, err
	}
	for _, f := range a.Files {
		if f.Dir {
			continue
		}
		if err := f.copyTo(io.Discard); err != nil {
			return Archive{}, err
		}
	}
	return a, nil
}

// Unpack writes an archive's files into a folder, which it makes if it is missing. It never writes outside of it,
// whatever the archive or the folder holds, and overwrites nothing. Files are 0644, or 0755 if the archive says that
// they can be executed. When it fails, what was written so far stays. Errors: Invalid, TooLarge, Internal.
func Unpack(r io.ReaderAt, size int64, dir string, limits ArchiveLimits) error {
	a, err := OpenArchive(r, size, limits)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Wrap(err, Internal, "the folder to unpack into cannot be made")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Wrap(err, Internal, "the folder to unpack into cannot be opened")
	}
	for _, f := range a.Files {
		if err := f.unpack(root); err != nil {
			return errors.Join(err, root.Close())
		}
	}
	return root.Close()
}

func (f ArchiveFile) unpack(root *os.Root) error {
	folder := f.Name
	if !f.Dir {
		folder = path.Dir(f.Name)
	}
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return Wrap(err, Internal, "the folder %q cannot be made", folder)
	}
	if f.Dir {
		return nil
	}
	mode := os.FileMode(0o644)
	if f.file.Mode()&0o111 != 0 {
		mode = 0o755
	}
	w, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return Wrap(err, Internal, "the file %q cannot be made", f.Name)
	}
	err = f.copyTo(w)
	if failed := w.Close(); err == nil && failed != nil {
		err = Wrap(failed, Internal, "the file %q cannot be written", f.Name)
	}
	return err
}

// copyTo writes the file's bytes, never more than it declared.
func (f ArchiveFile) copyTo(w io.Writer) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, f.Size+1))
	if failed := r.Close(); err == nil {
		err = failed
	}
	switch {
	case err != nil && !isWriteError(err):
		return Wrap(err, Invalid, "the archive is damaged: its file %q cannot be read", f.Name)
	case err != nil:
		return Wrap(err, Internal, "the file %q cannot be written", f.Name)
	case n != f.Size:
		return Errorf(Invalid, "the archive is damaged: its file %q has another size than it says", f.Name)
	}
	return nil
}

func isWriteError(err error) bool {
	var p *os.PathError
	return errors.As(err, &p) && p.Op == "write"
}

func listFiles(z *zip.Reader, size int64, limits ArchiveLimits) (Archive, error) {
	if len(z.File) > limits.Files {
		return Archive{}, Errorf(TooLarge, "the archive has %d files; at most %d are allowed", len(z.File), limits.Files)
	}
	var a Archive
	var packed, unpacked uint64
	names := map[string]bool{} // true for folders
	for _, file := range z.File {
		f, err := checkFile(file, limits)
		if err != nil {
			return Archive{}, err
		}
		if f.Name == "." {
			continue
		}
		packed += min(file.CompressedSize64, 1<<40)
		unpacked += uint64(f.Size)
		if unpacked > uint64(limits.Unpacked) {
			return Archive{}, Errorf(TooLarge, "the archive's files have more than %d bytes together", limits.Unpacked)
		}
		if err := addName(names, f); err != nil {
			return Archive{}, err
		}
		a.Files = append(a.Files, f)
	}
	if packed > uint64(size) {
		return Archive{}, Errorf(Invalid, "the archive is damaged: its files overlap")
	}
	return a, clashes(names)
}

func addName(names map[string]bool, f ArchiveFile) error {
	if _, twice := names[f.Name]; twice {
		return Errorf(Invalid, "the archive holds %q twice", f.Name)
	}
	names[f.Name] = f.Dir
	return nil
}

// clashes finds files that others use as a folder.
func clashes(names map[string]bool) error {
	for name := range names {
		for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
			if isDir, listed := names[name[:i]]; listed && !isDir {
				return Errorf(Invalid, "the archive holds %q both as a file and as a folder", name[:i])
			}
		}
	}
	return nil
}

func checkFile(f *zip.File, limits ArchiveLimits) (ArchiveFile, error) {
	if wrong := wrongName(f.Name); wrong != "" {
		return ArchiveFile{}, Errorf(Invalid, "the archive's name %q is not allowed: %s", shorten(f.Name), wrong)
	}
	kind := f.Mode().Type()
	out := ArchiveFile{Name: path.Clean(f.Name), Dir: kind == os.ModeDir, Size: int64(min(f.UncompressedSize64, 1<<62)), file: f}
	switch {
	case kind != 0 && kind != os.ModeDir:
		return out, Errorf(Invalid, "the archive's %q is a link or a special file; only files and folders are allowed", out.Name)
	case f.Flags&(1<<0|1<<6|1<<13) != 0:
		return out, Errorf(Invalid, "the archive's %q is encrypted", out.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return out, Errorf(Invalid, "the archive's %q is packed in a way that is not known here; use deflate", out.Name)
	case out.Dir && out.Size != 0:
		return out, Errorf(Invalid, "the archive's folder %q has content of its own", out.Name)
	case out.Size > ratioFrom && f.UncompressedSize64/uint64(limits.Ratio) > f.CompressedSize64:
		return out, Errorf(TooLarge, "the archive's %q is packed more than %d times smaller than it is", out.Name, limits.Ratio)
	}
	return out, nil
}

// wrongName tells what is wrong with a name in an archive, "" if it stays inside the folder it is unpacked into on
// every system.
func wrongName(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxNameBytes:
		return fmt.Sprintf("it has more than %d bytes", maxNameBytes)
	case !utf8.ValidString(name):
		return "it is not UTF-8 text"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "it has control characters"
	case strings.Contains(name, `\`):
		return "it has a backslash"
	case strings.HasPrefix(name, "/"), len(name) > 1 && name[1] == ':':
		return "it is absolute"
	}
	for element := range strings.SplitSeq(name, "/") {
		if element == ".." {
			return "it leads out of the archive"
		}
		if len(element) > maxElementBytes {
			return fmt.Sprintf("a part of it has more than %d bytes", maxElementBytes)
		}
	}
	return ""
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}

var errListing = errors.New("signalbox: the archive's list of files is too large")

// meteredReader bounds how much is read while the list of files is; a forged list could fill the memory otherwise.
type meteredReader struct {
	r    io.ReaderAt
	left int64
	open bool // the list has been read: no bound any more
}

// ReadAt reads until the bound is reached.
func (m *meteredReader) ReadAt(p []byte, off int64) (int, error) {
	if m.open {
		return m.r.ReadAt(p, off)
	}
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, errListing
	}
	return m.r.ReadAt(p, off)
}
