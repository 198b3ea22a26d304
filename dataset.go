package signalbox

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Dataset is a name people get access to. Its samples live in FiftyOne's database, never here.
type Dataset struct {
	ID                string
	Name              string
	DefaultPermission Permission // what Members have without a grant
	Creator           Who
	SourceID          string   // the source it appeared from; "" for one that was made here
	Key               string   // its id there
	There             string   // its name there
	Tags              []string // there
	Samples           *int64   // about how many it has there; nil for unknown
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// DatasetPatch changes a dataset's entry; nil fields stay.
type DatasetPatch struct {
	Name              *string
	DefaultPermission *Permission
}

// CheckName tells what is wrong with a name of anything: 1 to 200 characters, none of them a control character or one that
// turns the direction of writing, and not "." or "..". It returns "" for a good one.
func CheckName(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		return "a name is UTF-8 text"
	case n == 0:
		return "a name cannot be empty"
	case n > 200:
		return "a name has at most 200 characters"
	case name == "." || name == "..":
		return `a name cannot be "." or ".."`
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return "a name has no control characters"
		}
		if TurnsText(r) {
			return "a name has no characters that turn the direction of writing"
		}
	}
	return ""
}

// TurnsText tells whether a character turns the direction of the text behind it, which would make a name read as another.
func TurnsText(r rune) bool {
	return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// Unturned is a text without the characters that TurnsText tells of.
func Unturned(text string) string {
	return strings.Map(func(r rune) rune {
		if TurnsText(r) {
			return -1
		}
		return r
	}, text)
}
