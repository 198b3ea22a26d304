package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	sb "signalbox"
	"signalbox/client"
)

// hidden is the folder that holds the plugins' files. FiftyOne looks into no folder whose name begins with a dot.
const hidden = ".signalbox"

// shelf is a folder that FiftyOne Apps read plugins from (FIFTYONE_PLUGINS_DIR). A plugin there is a link to its
// files, which lie below a hidden folder and never change: an upgrade is another link in the same place, put there in
// one step, so that nobody meets half a plugin. What is no such link is somebody else's and stays.
type shelf struct {
	dir  string
	root *os.Root
	lock *os.File
}

// openShelf makes the folder if it is missing. Errors: Conflict when another process keeps it, Invalid.
func openShelf(dir string) (*shelf, error) {
	if err := os.MkdirAll(filepath.Join(dir, hidden), 0o755); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the folder %s cannot be made", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the folder %s cannot be used", dir)
	}
	lock, err := root.OpenFile(hidden+"/lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		_ = root.Close()
		return nil, sb.Wrap(err, sb.Invalid, "the folder %s cannot be written", dir)
	}
	s := &shelf{dir, root, lock}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return s, nil
	}
	s.close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, sb.Errorf(sb.Conflict, "another process exports to %s", dir)
	}
	return nil, sb.Wrap(err, sb.Invalid, "the folder %s cannot be locked", dir)
}

func (s *shelf) close() {
	_ = s.lock.Close()
	_ = s.root.Close()
}

// links are the places of our plugins with where their links lead.
func (s *shelf) links() (map[string]string, error) {
	found := map[string]string{}
	for _, pattern := range []string{"*", "*/*"} {
		places, err := fs.Glob(s.root.FS(), pattern)
		if err != nil {
			return nil, sb.Wrap(err, sb.Invalid, "the folder %s cannot be read", s.dir)
		}
		for _, place := range places {
			if to, is := s.link(place); is {
				found[place] = to
			}
		}
	}
	return found, nil
}

// link tells where a link of ours leads; one whose folder is a link itself is inside of a plugin.
func (s *shelf) link(place string) (to string, is bool) {
	if above, err := s.root.Lstat(path.Dir(place)); err != nil || !above.IsDir() {
		return "", false
	}
	to, err := s.root.Readlink(place)
	return to, err == nil && strings.HasPrefix(to, up(place)+hidden+"/")
}

// up leads from a place to the folder itself.
func up(place string) string { return strings.Repeat("../", strings.Count(place, "/")) }

// tidy removes files that no plugin leads to: of earlier revisions, and of exports that broke off. Files of a revision
// that was just replaced stay until the next time, for those who are reading them.
func (s *shelf) tidy(links map[string]string) error {
	used := map[string]bool{"lock": true}
	for place, to := range links {
		files, _, _ := strings.Cut(strings.TrimPrefix(to, up(place)+hidden+"/"), "/")
		used[files] = true
	}
	entries, err := fs.ReadDir(s.root.FS(), hidden)
	for _, e := range entries {
		if !used[e.Name()] && err == nil {
			err = s.root.RemoveAll(path.Join(hidden, e.Name()))
		}
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "what %s no longer needs cannot be removed", s.dir)
	}
	return nil
}

// put sees to it that a plugin is there at its revision, and tells whether anything changed.
func (s *shelf) put(p client.Plugin, download func(io.Writer) error) (changed bool, err error) {
	place := placeOf(p.Name)
	if p.Root != "" && !filepath.IsLocal(p.Root) || !isSum.MatchString(p.SHA256) {
		return false, sb.Errorf(sb.Invalid, "what the server says of it makes no sense")
	}
	files := path.Join(hidden, p.SHA256)
	to := up(place) + path.Join(files, p.Root)
	if err := s.free(place); err != nil {
		return false, err
	}
	if now, is := s.link(place); is && now == to {
		return false, nil
	}
	if _, err := s.root.Stat(files); err != nil {
		if err := s.fetch(p.SHA256, files, download); err != nil {
			return false, err
		}
	}
	return true, s.point(place, to)
}

// free demands that a place is empty or ours.
func (s *shelf) free(place string) error {
	taken := func(what string) error {
		return sb.Errorf(sb.Conflict, "%s is there already and not from here; it stays, and the plugin is left out", filepath.Join(s.dir, what))
	}
	if above, err := s.root.Lstat(path.Dir(place)); err == nil && !above.IsDir() {
		return taken(path.Dir(place))
	}
	if _, err := s.root.Lstat(place); err != nil {
		return nil
	}
	if _, is := s.link(place); !is {
		return taken(place)
	}
	return nil
}

// fetch downloads a plugin's archive and unpacks it, so that its folder appears only when it is whole.
func (s *shelf) fetch(sum, files string, download func(io.Writer) error) error {
	fresh := path.Join(hidden, "new")
	defer func() { _ = s.root.RemoveAll(fresh) }()
	if err := errors.Join(s.root.RemoveAll(fresh), s.root.Mkdir(fresh, 0o755)); err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be written", s.dir)
	}
	archive, err := s.root.OpenFile(fresh+"/archive", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be written", s.dir)
	}
	defer func() { _ = archive.Close() }()
	hash := sha256.New()
	if err := download(io.MultiWriter(archive, hash)); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return sb.Errorf(sb.Unavailable, "it was upgraded just now; the next export has it")
	}
	size, err := archive.Seek(0, io.SeekEnd)
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be read", s.dir)
	}
	if err := sb.Unpack(archive, size, filepath.Join(s.dir, fresh, "files"), sb.ArchiveLimits{}); err != nil {
		return err
	}
	if err := s.root.Rename(fresh+"/files", files); err != nil {
		return sb.Wrap(err, sb.Invalid, "the folder %s cannot be written", s.dir)
	}
	return nil
}

// point puts a link in its place in one step.
func (s *shelf) point(place, to string) error {
	fresh := path.Join(hidden, "link")
	err := s.root.MkdirAll(path.Dir(place), 0o755)
	if err == nil {
		err = s.root.RemoveAll(fresh)
	}
	if err == nil {
		err = s.root.Symlink(to, fresh)
	}
	if err == nil {
		err = s.root.Rename(fresh, place)
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be written", filepath.Join(s.dir, place))
	}
	return nil
}

// remove takes a plugin away, and the folder of its organisation when that is empty then.
func (s *shelf) remove(place string) error {
	if err := s.root.Remove(place); err != nil {
		return sb.Wrap(err, sb.Invalid, "%s cannot be removed", filepath.Join(s.dir, place))
	}
	if above := path.Dir(place); above != "." {
		_ = s.root.Remove(above) // it is not empty: then it stays
	}
	return nil
}

var (
	isSum     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	plainName = regexp.MustCompile(`^(@?[A-Za-z0-9][A-Za-z0-9 ._-]*/)?[A-Za-z0-9][A-Za-z0-9 ._-]*$`)
)

// placeOf is the folder of a plugin, as FiftyOne would call it: @acme/tools. A name that makes no good folders is
// hashed; FiftyOne reads names from the manifest.
func placeOf(plugin string) string {
	if plainName.MatchString(plugin) {
		return plugin
	}
	sum := sha256.Sum256([]byte(plugin))
	return fmt.Sprintf("plugin-%x", sum[:8])
}
