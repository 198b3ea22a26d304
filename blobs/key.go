package blobs

import (
	"strconv"
	"strings"

	sb "signalbox"
)

// Keys and paths: each element of a key between slashes is one file name. Bytes that file systems or people trip over
// are written %XX, and so is a leading point, which keeps "." and ".." and our own folder for unfinished objects apart
// from keys. An empty element is a lone %.

const hexDigits = "0123456789ABCDEF"

// maxElement is the longest file name that file systems in use take, in bytes.
const maxElement = 255

// pathOf gives the path of a key below the folder. Errors: Invalid.
func pathOf(key string) (string, error) {
	if key == "" {
		return "", sb.Errorf(sb.Invalid, "an object's key is empty")
	}
	elements := strings.Split(key, "/")
	for i, e := range elements {
		elements[i] = escapeElement(e)
		if len(elements[i]) > maxElement {
			return "", sb.Errorf(sb.Invalid, "an object's key has an element of more than %d bytes", maxElement)
		}
	}
	return strings.Join(elements, "/"), nil
}

func escapeElement(e string) string {
	if e == "" {
		return "%"
	}
	var out strings.Builder
	for i := range len(e) {
		c := e[i]
		if c < 0x20 || c == 0x7f || strings.IndexByte(`%\:*?"<>|`, c) >= 0 || i == 0 && c == '.' {
			out.WriteByte('%')
			out.WriteByte(hexDigits[c>>4])
			out.WriteByte(hexDigits[c&15])
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// unescapeElement gives the element of a key that a file name stands for; false when it is none of ours.
func unescapeElement(name string) (string, bool) {
	if name == "%" {
		return "", true
	}
	if strings.HasPrefix(name, ".") {
		return "", false
	}
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			out.WriteByte(name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", false
		}
		c, err := strconv.ParseUint(name[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		out.WriteByte(byte(c))
		i += 2
	}
	return out.String(), true
}
