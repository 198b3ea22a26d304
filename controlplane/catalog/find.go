package catalog

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	sb "signalbox"
)

// manifestNames are the names of a manifest, in the order in which FiftyOne looks for them.
var manifestNames = []string{"fiftyone.yml", "fiftyone.yaml"}

// findManifest finds the manifest at the archive's root, or else in the one folder there that holds one. What macOS
// adds, and hidden folders, do not count. root is that folder, "" for the archive's root.
func findManifest(a sb.Archive) (file sb.ArchiveFile, root string, err error) {
	found := map[string]sb.ArchiveFile{} // by folder
	var folders, deeper []string
	for _, f := range a.Files {
		dir := path.Dir(f.Name)
		if f.Dir || !slices.Contains(manifestNames, path.Base(f.Name)) || hidden(dir) {
			continue
		}
		if strings.Contains(dir, "/") {
			deeper = append(deeper, f.Name)
			continue
		}
		known, twice := found[dir]
		if !twice {
			folders = append(folders, dir)
		}
		if !twice || path.Base(known.Name) != manifestNames[0] {
			found[dir] = f
		}
	}
	if f, ok := found["."]; ok {
		return f, "", nil
	}
	switch len(folders) {
	case 0:
		return file, "", sb.Errorf(sb.Invalid, "the archive has no fiftyone.yml or fiftyone.yaml at its root or in a folder there%s", but(deeper))
	case 1:
		return found[folders[0]], folders[0], nil
	}
	slices.Sort(folders)
	return file, "", sb.Errorf(sb.Invalid, "the archive holds several plugins, in %s; install each from an archive of its own", list(folders))
}

func hidden(dir string) bool {
	for element := range strings.SplitSeq(dir, "/") {
		if element != "." && strings.HasPrefix(element, ".") || element == "__MACOSX" {
			return true
		}
	}
	return false
}

func but(deeper []string) string {
	if len(deeper) == 0 {
		return ""
	}
	return "; what it has lies deeper: " + list(deeper)
}

// list names a few of many.
func list(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// readManifest reads and parses a manifest of at most limit bytes.
func readManifest(f sb.ArchiveFile, limit int64) (sb.Manifest, error) {
	name := path.Base(f.Name)
	if f.Size > limit {
		return sb.Manifest{}, sb.Errorf(sb.TooLarge, "the plugin's %s has %d bytes; at most %d are allowed", name, f.Size, limit)
	}
	r, err := f.Open()
	if err != nil {
		return sb.Manifest{}, err
	}
	text, err := io.ReadAll(io.LimitReader(r, limit))
	if failed := r.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return sb.Manifest{}, sb.Wrap(err, sb.Invalid, "the plugin's %s cannot be read", name)
	}
	return ParseManifest(name, text)
}
