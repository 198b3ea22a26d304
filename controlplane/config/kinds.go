package config

import (
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// Words is a list of words with spaces or commas between them.
type Words []string

// UnmarshalText reads the words.
func (w *Words) UnmarshalText(text []byte) error {
	*w = strings.FieldsFunc(string(text), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' })
	return nil
}

// Bytes is a size, written as a number of bytes or with a unit, such as 512MiB.
type Bytes int64

// UnmarshalText reads the size.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err == nil && n > 1<<62 {
		err = strconv.ErrRange
	}
	*b = Bytes(n)
	return err
}

// wanted tells in words what a value of a type looks like.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 90s or 10m"
	case reflect.TypeFor[Bytes]():
		return "a size such as 512MiB"
	case reflect.TypeFor[logrus.Level]():
		return "one of error, warn, info, debug, trace"
	case reflect.TypeFor[bool]():
		return "1 or 0"
	case reflect.TypeFor[int]():
		return "a whole number"
	}
	return "text"
}

// fault is a list of one fault, or none if it is fine.
func fault(fine bool, name, message string, value any) []sb.Fault {
	if fine {
		return nil
	}
	return []sb.Fault{{Location: name, Message: message, Value: value}}
}

// address tells whether text is host:port, both of which may be left out as in :8265.
func address(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 0 && n < 1<<16
}

// loopback tells whether text is host:port that only this machine reaches.
func loopback(text string) bool {
	host, _, _ := net.SplitHostPort(text)
	ip, err := netip.ParseAddr(host)
	return address(text) && (host == "localhost" || err == nil && ip.IsLoopback())
}
