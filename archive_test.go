package signalbox_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// packed is a file to pack into a test's archive.
type packed struct {
	name  string
	body  string
	mode  fs.FileMode
	flags uint16
	store bool
}

func pack(t testing.TB, files ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)}
		if f.store {
			h.Method = zip.Store
		}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		out, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = out.Write([]byte(f.body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return patchFlags(b.Bytes(), files)
}

// patchFlags sets general purpose bits in the central directory, which the writer does not offer.
func patchFlags(archive []byte, files []packed) []byte {
	at := 0
	for _, f := range files {
		at += bytes.Index(archive[at:], []byte("PK\x01\x02"))
		flags := binary.LittleEndian.Uint16(archive[at+8:])
		binary.LittleEndian.PutUint16(archive[at+8:], flags|f.flags)
		at += 46
	}
	return archive
}

func unpack(t testing.TB, archive []byte, limits sb.ArchiveLimits) (string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugin")
	return dir, sb.Unpack(bytes.NewReader(archive), int64(len(archive)), dir, limits)
}

func TestUnpackWritesWhatWasPacked(t *testing.T) {
	t.Parallel()
	dir, err := unpack(t, pack(t,
		packed{name: "fiftyone.yml", body: "name: a\n"},
		packed{name: "empty/", mode: fs.ModeDir | 0o755},
		packed{name: "bin/run.sh", body: "#!/bin/sh\n", mode: 0o755},
		packed{name: "./deep//er/größe — ü.txt", body: "text", store: true},
	), sb.ArchiveLimits{})
	require.NoError(t, err)
	body, err := os.ReadFile(filepath.Join(dir, "deep", "er", "größe — ü.txt"))
	require.NoError(t, err)
	require.Equal(t, "text", string(body))
	require.DirExists(t, filepath.Join(dir, "empty"))
	info, err := os.Stat(filepath.Join(dir, "bin", "run.sh"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100, "can be executed")
	info, err = os.Stat(filepath.Join(dir, "fiftyone.yml"))
	require.NoError(t, err)
	require.Zero(t, info.Mode()&0o111)
}

func TestArchivesThatAreRefused(t *testing.T) {
	t.Parallel()
	megabytes := strings.Repeat("\x00", 8<<20)
	small := sb.ArchiveLimits{Files: 3, Unpacked: 4 << 20}
	for name, test := range map[string]struct {
		archive []byte
		limits  sb.ArchiveLimits
		code    sb.Code
		says    string
	}{
		"leads out":                {pack(t, packed{name: "../evil"}), small, sb.Invalid, "leads out"},
		"leads out from within":    {pack(t, packed{name: "a/../../evil"}), small, sb.Invalid, "leads out"},
		"absolute":                 {pack(t, packed{name: "/etc/passwd"}), small, sb.Invalid, "absolute"},
		"drive letter":             {pack(t, packed{name: "C:evil"}), small, sb.Invalid, "absolute"},
		"backslash":                {pack(t, packed{name: `..\evil`}), small, sb.Invalid, "backslash"},
		"control character":        {pack(t, packed{name: "a\x00b"}), small, sb.Invalid, "control"},
		"not UTF-8":                {pack(t, packed{name: "a\xff"}), small, sb.Invalid, "UTF-8"},
		"empty name":               {pack(t, packed{name: ""}), small, sb.Invalid, "empty"},
		"very long name":           {pack(t, packed{name: strings.Repeat("a/", 1000)}), small, sb.Invalid, "1024 bytes"},
		"very long part of a name": {pack(t, packed{name: strings.Repeat("a", 300)}), small, sb.Invalid, "255 bytes"},
		"symbolic link":            {pack(t, packed{name: "a", body: "/etc", mode: fs.ModeSymlink | 0o777}), small, sb.Invalid, "link"},
		"link that ends in /":      {pack(t, packed{name: "a/", mode: fs.ModeSymlink | 0o777}), small, sb.Invalid, "link"},
		"device":                   {pack(t, packed{name: "a", mode: fs.ModeDevice | 0o600}), small, sb.Invalid, "special"},
		"pipe":                     {pack(t, packed{name: "a", mode: fs.ModeNamedPipe | 0o600}), small, sb.Invalid, "special"},
		"same name twice":          {pack(t, packed{name: "a"}, packed{name: "./a"}), small, sb.Invalid, "twice"},
		"file used as a folder":    {pack(t, packed{name: "a/b/c"}, packed{name: "a", body: "x"}), small, sb.Invalid, "as a folder"},
		"encrypted":                {pack(t, packed{name: "a", flags: 1}), small, sb.Invalid, "encrypted"},
		"too many files":           {pack(t, packed{name: "a"}, packed{name: "b"}, packed{name: "c"}, packed{name: "d"}), small, sb.TooLarge, "4 files"},
		"bomb":                     {pack(t, packed{name: "a", body: megabytes}), sb.ArchiveLimits{}, sb.TooLarge, "200 times"},
		"too much together":        {pack(t, packed{name: "a", body: megabytes, store: true}), small, sb.TooLarge, "together"},
		"archive too large":        {pack(t, packed{name: "a", body: "xxxx"}), sb.ArchiveLimits{Size: 20}, sb.TooLarge, "at most 20"},
		"no ZIP":                   {[]byte("name: plugin\n"), small, sb.Invalid, "not a ZIP"},
		"nothing":                  {nil, small, sb.Invalid, "not a ZIP"},
		"cut off":                  {cut(pack(t, packed{name: "a", body: "xxxx"})), small, sb.Invalid, "not a ZIP"},
		"unknown packing":          {replace(pack(t, packed{name: "a"}), "PK\x01\x02", 10, 99), small, sb.Invalid, "deflate"},
		"another size than it has": {replace(pack(t, packed{name: "a", body: "xxxx"}), "PK\x01\x02", 24, 3), small, sb.Invalid, "damaged"},
		"a smaller size":           {replace(pack(t, packed{name: "a", body: "xxxx"}), "PK\x01\x02", 24, 9), small, sb.Invalid, "damaged"},
		"another checksum":         {replace(pack(t, packed{name: "a", body: "xxxx"}), "PK\x01\x02", 16, 1), small, sb.Invalid, "damaged"},
		"files that overlap":       {replace(pack(t, packed{name: "a", body: "xxxx", store: true}), "PK\x01\x02", 22, 7), small, sb.Invalid, "overlap"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sb.CheckArchive(bytes.NewReader(test.archive), int64(len(test.archive)), test.limits)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.code, sb.CodeOf(err))
			_, err = unpack(t, test.archive, test.limits)
			require.Equal(t, test.code, sb.CodeOf(err), "unpacking refuses it too")
		})
	}
}

func cut(archive []byte) []byte { return archive[:len(archive)-5] }

// replace overwrites a byte behind the first place of a signature.
func replace(archive []byte, signature string, offset int, value byte) []byte {
	archive[bytes.Index(archive, []byte(signature))+offset] = value
	return archive
}

func TestAListOfFilesThatWouldFillTheMemoryIsRefused(t *testing.T) {
	t.Parallel()
	var files []packed
	for i := range 2000 {
		files = append(files, packed{name: strings.Repeat("x", 250) + "/" + strings.Repeat("y", 20) + string(rune('a'+i%26)) + string(rune('0'+i/26))})
	}
	archive := pack(t, files...)
	_, err := sb.OpenArchive(bytes.NewReader(archive), int64(len(archive)), sb.ArchiveLimits{Files: 100})
	require.ErrorContains(t, err, "list of files is too large")
	require.Equal(t, sb.TooLarge, sb.CodeOf(err))
}

func TestUnpackStaysInsideAFolderWithLinks(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "sub")))
	archive := pack(t, packed{name: "sub/evil", body: "x"})
	require.Error(t, sb.Unpack(bytes.NewReader(archive), int64(len(archive)), dir, sb.ArchiveLimits{}))
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestUnpackOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("mine"), 0o600))
	archive := pack(t, packed{name: "a", body: "theirs"})
	require.Error(t, sb.Unpack(bytes.NewReader(archive), int64(len(archive)), dir, sb.ArchiveLimits{}))
	body, err := os.ReadFile(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(body))
}

// FuzzUnpack: whatever an archive is, unpacking it ends, errors have a code, and nothing appears beside the folder.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(f, packed{name: "fiftyone.yml", body: "name: a"}, packed{name: "a/b", body: "c", mode: 0o755}))
	f.Add(pack(f, packed{name: "../evil", body: "x"}))
	f.Add(pack(f, packed{name: "a", body: "/etc", mode: fs.ModeSymlink | 0o777}, packed{name: "a/b", body: "x"}))
	f.Add(pack(f, packed{name: "z", body: strings.Repeat("z", 5000), store: true}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "plugin")
		err := sb.Unpack(bytes.NewReader(archive), int64(len(archive)), dir, sb.ArchiveLimits{Unpacked: 1 << 20, Files: 100})
		require.NotContains(t, []sb.Code{sb.NotFound, sb.Conflict}, sb.CodeOf(err))
		entries, failed := os.ReadDir(parent)
		require.NoError(t, failed)
		require.LessOrEqual(t, len(entries), 1)
		if err != nil {
			return
		}
		a, err := sb.CheckArchive(bytes.NewReader(archive), int64(len(archive)), sb.ArchiveLimits{Unpacked: 1 << 20, Files: 100})
		require.NoError(t, err, "what unpacks is a good archive")
		for _, file := range a.Files {
			info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(file.Name)))
			require.NoError(t, err)
			require.Equal(t, file.Dir, info.IsDir())
		}
	})
}
