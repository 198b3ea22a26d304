package environments

import (
	"net/url"
	"slices"
	"strings"

	sb "signalbox"
)

// passed are variables that uv gets besides its own.
var passed = []string{"PATH", "HOME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// PassEnv picks what uv gets of an environment: its own settings, and what reaches an index. It keeps no downloads unless
// it is told where.
func PassEnv(environ []string) (env []string) {
	keeps := false
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		keeps = keeps || name == "UV_CACHE_DIR"
		if strings.HasPrefix(name, "UV_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") || slices.Contains(passed, name) {
			env = append(env, e)
		}
	}
	if !keeps {
		env = append(env, "UV_NO_CACHE=1")
	}
	return env
}

// maskOf masks the names, passwords and tokens in the settings of uv.
func maskOf(env []string) sb.Mask {
	var hidden []string
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if strings.HasSuffix(name, "_PASSWORD") || strings.HasSuffix(name, "_TOKEN") {
			hidden = append(hidden, value)
		}
		for _, address := range strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' }) {
			u, err := url.Parse(withoutName(address))
			if err != nil {
				continue
			}
			hidden = append(hidden, tokensOf(u)...)
			if u.User == nil {
				continue
			}
			if password, is := u.User.Password(); is {
				hidden = append(hidden, password)
			} else {
				hidden = append(hidden, u.User.Username())
			}
		}
	}
	return sb.NewMask(hidden...)
}

// tokensOf are the parts of an address that may let somebody in: values of its query, and long words of its path.
func tokensOf(u *url.URL) (found []string) {
	const long = 16
	for _, values := range u.Query() {
		found = append(found, values...)
	}
	for word := range strings.SplitSeq(u.Path, "/") {
		if len(word) >= long && u.Host != "" {
			found = append(found, word)
		}
	}
	return found
}

// withoutName cuts the name off that an index may have: name=https://…
func withoutName(address string) string {
	if name, rest, is := strings.Cut(address, "="); is && !strings.Contains(name, "/") {
		return rest
	}
	return address
}
