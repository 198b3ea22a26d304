package catalog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	sb "signalbox"
)

// Install checks an archive and installs or upgrades its plugin; with dryRun it only tells what would change, also
// where overwrite would be needed. Nothing of a refused archive is kept. The archive is kept before the row that
// names it, so that a crash leaves at most an archive that nothing names. Errors: Invalid with every fault of the
// manifest, TooLarge, Conflict (the plugin exists and overwrite is false).
func (c *Catalog) Install(ctx context.Context, by sb.Who, archive io.Reader, overwrite, dryRun bool) (sb.Installed, error) {
	spool, err := c.spool(archive)
	if err != nil {
		return sb.Installed{}, err
	}
	defer spool.remove()
	upload, err := c.check(spool)
	if err != nil {
		return sb.Installed{}, err
	}
	upload.By, upload.Overwrite = by, overwrite
	done, err := c.plan(ctx, upload)
	if err != nil || dryRun {
		return done, err
	}
	if !done.Created && !overwrite {
		return sb.Installed{}, sb.Errorf(sb.Conflict, "plugin %s is installed already; overwrite it to upgrade", upload.Manifest.Name)
	}
	plugin, created, err := c.keep(ctx, upload, spool)
	if err != nil {
		return sb.Installed{}, err
	}
	done.Plugin, done.Created = plugin, created
	return done, nil
}

// spool is an upload in a temporary file.
type spool struct {
	file   *os.File
	size   int64
	sha256 string
}

// spool writes an upload to a temporary file and hashes it on the way: archives never lie in memory as a whole.
func (c *Catalog) spool(archive io.Reader) (*spool, error) {
	file, err := os.CreateTemp(c.limits.TempDir, "signalbox-plugin-*.zip")
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "there is no place to keep the upload")
	}
	s := &spool{file: file}
	if err := s.fill(archive, c.limits.archive().Size); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *spool) fill(archive io.Reader, limit int64) error {
	hash, from := sha256.New(), &source{r: archive}
	n, err := io.Copy(io.MultiWriter(s.file, hash), io.LimitReader(from, limit+1))
	var typed *sb.Error
	switch {
	case errors.As(err, &typed): // the reader knows better what is wrong
		return err
	case from.err != nil:
		return sb.Wrap(err, sb.Invalid, "the upload broke off")
	case err != nil:
		return sb.Wrap(err, sb.Internal, "the upload cannot be kept")
	case n > limit:
		return sb.Errorf(sb.TooLarge, "the archive has more than %d bytes", limit)
	}
	s.size, s.sha256 = n, hex.EncodeToString(hash.Sum(nil))
	return nil
}

// source tells faults of the sender from those of our disk.
type source struct {
	r   io.Reader
	err error
}

// Read reads, and keeps the error.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *spool) remove() {
	_ = s.file.Close() // read only by now, or refused: nothing is lost
	_ = os.Remove(s.file.Name())
}

func (s *spool) reader() io.Reader { return io.NewSectionReader(s.file, 0, s.size) }

// check reads an upload's archive and manifest.
func (c *Catalog) check(s *spool) (Upload, error) {
	manifest, root, err := ReadArchive(s.file, s.size, c.limits)
	return Upload{Manifest: manifest, SHA256: s.sha256, Size: s.size, Root: root}, err
}

// ReadArchive checks an archive and its manifest as an installation does; root is the folder in it that holds the
// manifest. Errors: Invalid with every fault of the manifest, TooLarge.
func ReadArchive(r io.ReaderAt, size int64, l Limits) (m sb.Manifest, root string, err error) {
	archive, err := sb.CheckArchive(r, size, l.archive())
	if err != nil {
		return m, "", err
	}
	file, root, err := findManifest(archive)
	if err != nil {
		return m, "", err
	}
	m, err = readManifest(file, cmp.Or(l.Manifest, defaultManifest))
	return m, root, err
}

// plan tells what installing an upload would change.
func (c *Catalog) plan(ctx context.Context, u Upload) (sb.Installed, error) {
	plugin, err := c.store.Plugin(ctx, u.Manifest.Name)
	if sb.CodeOf(err) == sb.NotFound || err == nil && plugin.Name != u.Manifest.Name {
		return c.planNew(ctx, u)
	}
	if err != nil {
		return sb.Installed{}, err
	}
	return c.planUpgrade(ctx, u, plugin)
}

func (c *Catalog) planNew(ctx context.Context, u Upload) (sb.Installed, error) {
	operators, plugins, err := c.store.Operators(ctx)
	if err != nil {
		return sb.Installed{}, err
	}
	plugin := sb.Plugin{Name: u.Manifest.Name, Enabled: true}
	revise(&plugin, u, 1)
	return sb.Installed{
		Plugin: plugin, Created: true, Added: sorted(u.Manifest.Operators), OtherName: otherName(u.Manifest, operators, plugins),
	}, nil
}

func (c *Catalog) planUpgrade(ctx context.Context, u Upload, plugin sb.Plugin) (sb.Installed, error) {
	scheduled, _, err := c.store.Waiting(ctx, plugin.ID)
	if err != nil {
		return sb.Installed{}, err
	}
	done := sb.Installed{Scheduled: scheduled, Unchanged: plugin.Revision.SHA256 == u.SHA256, Plugin: plugin}
	if done.Unchanged {
		return done, nil
	}
	revisions, err := c.store.Revisions(ctx, plugin.ID)
	if err != nil {
		return sb.Installed{}, err
	}
	before := plugin.Revision.Manifest.Operators
	done.Added, done.Removed = without(u.Manifest.Operators, before), without(before, u.Manifest.Operators)
	revise(&done.Plugin, u, number(revisions, u.SHA256))
	return done, nil
}

// number is the one a revision has or would get: the same bytes are never a new one.
func number(revisions []sb.Revision, sha256 string) int {
	last := 0
	for _, r := range revisions {
		if r.SHA256 == sha256 {
			return r.Number
		}
		last = max(last, r.Number)
	}
	return last + 1
}

// revise gives a plugin the revision and operators it would have; what admins decided about those it has now stays.
func revise(plugin *sb.Plugin, u Upload, number int) {
	plugin.Revision = sb.Revision{
		PluginID: plugin.ID, Number: number, SHA256: u.SHA256, Size: u.Size, Root: u.Root, Manifest: u.Manifest, CreatedBy: u.By,
	}
	decided := plugin.Operators
	plugin.Operators = nil
	for _, name := range u.Manifest.Operators {
		o := sb.Operator{PluginID: plugin.ID, Plugin: plugin.Name, Name: name, Enabled: true}
		if i := slices.IndexFunc(decided, func(o sb.Operator) bool { return o.Name == name }); i >= 0 {
			o = decided[i]
		}
		o.Command = nil
		if command, ok := u.Manifest.Commands[name]; ok {
			o.Command = &command
		}
		plugin.Operators = append(plugin.Operators, o)
	}
}

// keep puts the archive first, then the row. That the archive is still there is looked at again when the row
// counts: a sweep of another replica may have deleted it in between, as the archive of a forgotten revision.
func (c *Catalog) keep(ctx context.Context, u Upload, s *spool) (sb.Plugin, bool, error) {
	c.sweeps.RLock()
	defer c.sweeps.RUnlock()
	key := sb.ArchiveKey(u.SHA256)
	if err := c.blobs.Put(ctx, key, s.reader()); err != nil {
		return sb.Plugin{}, false, err
	}
	sb.FaultPoint("install.put") // the archive without its row
	plugin, created, err := c.store.Install(ctx, u)
	sb.FaultPoint("install.after")
	if err != nil {
		return sb.Plugin{}, false, err
	}
	if _, err := c.blobs.Size(ctx, key); sb.CodeOf(err) == sb.NotFound {
		return plugin, created, c.blobs.Put(ctx, key, s.reader())
	}
	return plugin, created, nil
}

// otherName finds the plugin that a new one may have been meant to upgrade: of the same name but for case or
// organisation, or with the very same operators. A different name always makes a plugin of its own.
func otherName(m sb.Manifest, operators []sb.Operator, plugins []sb.Plugin) string {
	for _, p := range plugins {
		if strings.EqualFold(path.Base(p.Name), path.Base(m.Name)) {
			return p.Name
		}
	}
	of := map[string][]string{}
	for _, o := range operators {
		of[o.Plugin] = append(of[o.Plugin], o.Name)
	}
	for _, p := range plugins {
		if len(m.Operators) > 0 && slices.Equal(sorted(of[p.Name]), sorted(m.Operators)) {
			return p.Name
		}
	}
	return ""
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// without gives the names that are not in others, sorted.
func without(names, others []string) []string {
	return slices.DeleteFunc(sorted(names), func(name string) bool { return slices.Contains(others, name) })
}
