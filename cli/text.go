package cli

import (
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	sb "signalbox"
)

// printable makes one line of foreign text that cannot steer a terminal.
func printable(s string) string { return strings.Map(harmless(false), s) }

// printableLines is printable, but lines and tabs stay.
func printableLines(s string) string { return strings.Map(harmless(true), s) }

// harmless replaces control characters and drops those that turn the direction of writing.
func harmless(lines bool) func(rune) rune {
	return func(r rune) rune {
		switch {
		case lines && (r == '\n' || r == '\t'):
			return r
		case unicode.IsControl(r):
			return ' '
		case sb.TurnsText(r):
			return -1
		default:
			return r
		}
	}
}

func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// paint is how text gets its colour: not at all unless it is for a terminal that wants colours.
type paint bool

func (e Env) paint(w io.Writer) paint {
	return paint(e.Terminal(w) > 0 && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb")
}

// The colours, as ANSI numbers.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	grey   = "90"
)

func (p paint) in(colour, s string) string {
	if !p || s == "" || colour == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (p paint) status(s sb.Status) string {
	colour := map[sb.Status]string{
		sb.Scheduled: grey, sb.Queued: yellow, sb.Running: blue, sb.Completed: green, sb.Failed: red,
	}[s]
	return p.in(colour, string(s))
}

func (p paint) severity(s sb.Severity) string {
	colour := map[sb.Severity]string{sb.Debug: grey, sb.Warning: yellow, sb.ErrorLine: red, sb.Critical: red}[s]
	return p.in(colour, string(s))
}

// ago tells a time as people do, from now.
func (e Env) ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return humanize.RelTime(t, e.Now(), "ago", "from now")
}

func (e Env) agoOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return e.ago(*t)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func deref[T any](p *T) T {
	var none T
	if p == nil {
		return none
	}
	return *p
}

// set gives a flag's value for a patch: nil when the flag was not given.
func set[T any](given bool, value T) *T {
	if !given {
		return nil
	}
	return &value
}
