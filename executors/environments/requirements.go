package environments

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	sb "signalbox"
)

// requirementsMost is what a requirements.txt may have, in bytes.
const requirementsMost = 64 << 10

// versions are those of a package, such as ">=2, <3" or "(>=2)".
const versions = `\(?((<=?|>=?|[=!~]=|===)\s*\w[\w.*+!-]*\s*,?\s*)*\)?`

var (
	option  = regexp.MustCompile(`(^|\s)--?[A-Za-z]|\\$|\$\{`)
	located = regexp.MustCompile(`[/@]`)
	// named is a package by its name: with extras, versions and a marker. Nothing else reaches uv, which reads more than
	// this package would know of.
	named = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*\s*(\[[\w.,\s-]*\])?\s*` + versions + `\s*(;[\w.\s'"<>=!~(),+*-]+)?$`)
)

// requirements reads what a plugin asks for, without comments; "" for nothing. It may ask for packages by their names
// alone, since the worker tells where packages come from. What it says of a line does not quote it: it may hold a password.
// Errors: Invalid, TooLarge.
func requirements(folder string) (string, error) {
	text, err := read(filepath.Join(folder, "requirements.txt"))
	if err != nil {
		return "", err
	}
	var wanted strings.Builder
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(" "+lines.Text(), " #")
		line = strings.TrimSpace(line)
		before, _, _ := strings.Cut(line, ";")
		switch {
		case line == "" || line[0] == '#':
			continue
		case option.MatchString(line):
			return "", sb.Errorf(sb.Invalid, "line %d of requirements.txt has an option, and only names of packages with versions are taken", n)
		case located.MatchString(before):
			return "", sb.Errorf(sb.Invalid, "line %d of requirements.txt has a place, and packages come from the index of the worker alone", n)
		case !named.MatchString(line):
			return "", sb.Errorf(sb.Invalid, "line %d of requirements.txt is no name of a package with versions", n)
		}
		wanted.WriteString(line + "\n")
	}
	if lines.Err() != nil {
		return "", sb.Wrap(lines.Err(), sb.Invalid, "requirements.txt has a line that is too long")
	}
	return wanted.String(), nil
}

// read reads a file that may be missing.
func read(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "requirements.txt cannot be read")
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, requirementsMost+1))
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "requirements.txt cannot be read")
	}
	if len(text) > requirementsMost {
		return "", sb.Errorf(sb.TooLarge, "requirements.txt has more than %d bytes", requirementsMost)
	}
	return string(text), nil
}
