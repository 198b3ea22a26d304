package cli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"

	sb "signalbox"
)

const (
	barSteps  = 1000
	barWidth  = 30
	barRest   = barWidth + 30 // with percent and times
	plainStep = 0.1           // without a terminal progress is told at least this far apart
)

// screen is where a run is followed: lines of text with a progress bar that stays below them on a terminal, and plain
// lines elsewhere. For one goroutine.
type screen struct {
	out   io.Writer
	width int // of the terminal, 0 for none
	paint paint
	bar   *progressbar.ProgressBar
	told  sb.Progress // what plain lines said last
	err   error
}

func (e Env) screen() *screen {
	s := &screen{out: e.Stderr, paint: e.paint(e.Stderr)}
	if e.Getenv("TERM") != "dumb" {
		s.width = e.Terminal(e.Stderr)
	}
	return s
}

// say writes lines above the bar.
func (s *screen) say(what string) {
	if s.bar != nil {
		_ = s.bar.Clear()
	}
	if _, err := io.WriteString(s.out, strings.TrimRight(what, "\n")+"\n"); err != nil && s.err == nil {
		s.err = sb.Wrap(err, sb.Invalid, "the terminal cannot be written to")
	}
	if s.bar != nil {
		_ = s.bar.RenderBlank()
	}
}

// log writes log entries above the bar.
func (s *screen) log(lines []sb.Line) {
	var all strings.Builder
	for _, l := range lines {
		all.WriteString(s.paint.logLine(l))
	}
	s.say(all.String())
}

func (p paint) logLine(l sb.Line) string {
	at := strings.Repeat(" ", len("15:04:05.000"))
	if l.Timestamp != nil {
		at = l.Timestamp.Local().Format("15:04:05.000")
	}
	pad := strings.Repeat(" ", max(0, len(sb.Critical)-len(l.Severity)))
	return p.in(grey, at) + " " + p.severity(l.Severity) + pad + " " + printableLines(strings.TrimRight(l.Message, "\n")) + "\n"
}

// progress shows how far the work is; nil shows nothing.
func (s *screen) progress(p *sb.Progress) {
	switch {
	case p == nil:
		s.hide()
	case s.width == 0:
		s.tell(*p)
	default:
		s.draw(*p)
	}
}

// tell writes a line when the progress is another one in words, or further by a step.
func (s *screen) tell(p sb.Progress) {
	further := math.Abs(deref(p.Fraction)-deref(s.told.Fraction)) >= plainStep || deref(p.Fraction) == 1 && deref(s.told.Fraction) < 1
	if p.Label == s.told.Label && !further {
		return
	}
	s.told = p
	s.say("progress: " + printable(progressText(&p)))
}

func (s *screen) draw(p sb.Progress) {
	most := barSteps
	if p.Fraction == nil {
		most = -1 // a spinner
	}
	if s.bar == nil || s.bar.GetMax() != most {
		s.hide()
		s.bar = s.newBar(most)
	}
	// A bar that wraps cannot be taken away again.
	s.bar.Describe(text.Snip(printable(p.Label), max(s.width-barRest, 1), "…"))
	if p.Fraction == nil {
		_ = s.bar.Add(1)
		return
	}
	_ = s.bar.Set(int(math.Round(min(max(*p.Fraction, 0), 1) * barSteps)))
}

func (s *screen) newBar(most int) *progressbar.ProgressBar {
	return progressbar.NewOptions(most,
		progressbar.OptionSetWriter(s.out), progressbar.OptionSetWidth(barWidth), progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(true), progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(0),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}))
}

// hide takes the bar away.
func (s *screen) hide() {
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
}

// status tells that a run's status changed, and why.
func (s *screen) status(status sb.Status, why string) {
	if why != "" {
		why = ": " + why
	}
	s.say(fmt.Sprintf("%s%s", s.paint.status(status), printable(why)))
}
