package signalbox

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Secret is a named value for operators whose manifest asks for it. The value is never shown again.
type Secret struct {
	Key         string // the name of the environment variable that operators find it in
	Description string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	UpdatedBy   Who
}

// What a secret's value may be. What is shorter cannot be masked in a log without masking ordinary words; what is larger
// may not fit into a process's environment.
const (
	MinSecret = 6        // characters, in one line
	MaxSecret = 64 << 10 // bytes
)

var secretKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,199}$`)

// Variables that decide how a process starts, and which code it loads. As a secret they would change what a worker runs,
// not what an operator knows.
var (
	ownVariables      = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "LANG", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "GCONV_PATH"}
	ownVariableBegins = []string{"SIGNALBOX_", "LD_", "DYLD_", "PYTHON", "PERL5", "RUBY", "BASH_FUNC_", "MALLOC_", "GLIBC_"}
)

// ReservedVariable tells whether a name is that of a variable that decides how processes run, so that no secret may
// have it.
func ReservedVariable(name string) bool {
	return slices.Contains(ownVariables, name) ||
		slices.ContainsFunc(ownVariableBegins, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// CheckSecretKey tells what is wrong with a secret's key, "" for nothing.
func CheckSecretKey(key string) string {
	switch {
	case !secretKey.MatchString(key):
		return "a key is the name of an environment variable: 1 to 200 of A-Z, a-z, 0-9 and _, not a digit first"
	case ReservedVariable(key):
		return "this variable decides how processes run, so no secret can have its name"
	}
	return ""
}

// CheckSecret tells what is wrong with a secret's value, without quoting it; "" for nothing.
func CheckSecret(value string) string {
	long := false
	for line := range strings.Lines(value) {
		long = long || utf8.RuneCountInString(strings.TrimRight(line, "\r\n")) >= MinSecret
	}
	switch {
	case len(value) > MaxSecret:
		return fmt.Sprintf("a value has at most %d bytes", MaxSecret)
	case strings.ContainsRune(value, 0) || !utf8.ValidString(value):
		return "a value is text without a zero byte"
	case !long:
		return fmt.Sprintf("a value has at least %d characters in one line, so that it can be masked in logs", MinSecret)
	}
	return ""
}
