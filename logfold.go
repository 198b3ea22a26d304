package signalbox

import "bytes"

// Fold tells which lines of a log continue the entry before them, so that a traceback or stack stays one entry. It
// reads the lines of one stream in order, as ParseLine gives them. The zero value is ready; a line that starts an entry
// is judged the same whatever stood before the entry. Not safe for use by several goroutines.
type Fold struct {
	state    foldState
	severity Severity // of the entry's first line
	known    bool     // the entry's first line was in a known format
	stack    bool     // the entry holds a stack
	frames   bool     // the traceback has shown a frame
	blanks   int      // since the exception's line
}

type foldState uint8

const (
	foldPlain  foldState = iota
	foldTabbed           // a message of several lines, as FormatLine writes it
	foldPython           // inside a traceback
	foldRaised           // behind its last line: another may follow that tells of the first
	foldGo               // a panic and its goroutines
	foldJava             // an exception and its frames
)

// Next tells whether a line continues the entry before it, and gives what of its message belongs there. Up to two blank
// lines behind a traceback count as part of it.
func (f *Fold) Next(sev Severity, message []byte, known bool) (rest []byte, continues bool) {
	if f.continues(sev, message, known) {
		if f.state == foldTabbed {
			message = message[1:]
		}
		return message, true
	}
	f.begin(sev, message, known)
	return message, false
}

// Open tells whether the entry is a traceback whose last line has not been seen.
func (f *Fold) Open() bool { return f.state == foldPython }

// Stack tells whether the entry is a traceback, panic or exception, which is an error whatever its line said.
func (f *Fold) Stack() bool { return f.stack }

func (f *Fold) begin(sev Severity, message []byte, known bool) {
	state := stackStart(message)
	*f = Fold{state: state, severity: sev, known: known, stack: state != foldPlain}
}

func (f *Fold) continues(sev Severity, message []byte, known bool) bool {
	switch f.state {
	case foldPython:
		return f.inPython(sev, message, known)
	case foldRaised:
		return !known && f.afterRaised(message)
	case foldGo:
		return !known && inGoPanic(message)
	case foldJava:
		return !known && (indented(message) || bytes.HasPrefix(message, []byte("Caused by: ")))
	case foldTabbed:
		return !known && len(message) > 0 && message[0] == '\t'
	case foldPlain:
		return f.afterPlain(sev, message, known)
	}
	return false
}

// afterPlain lets what is indented follow an error, and a traceback the error that was logged with it.
func (f *Fold) afterPlain(sev Severity, message []byte, known bool) bool {
	if len(message) == 0 {
		return false
	}
	if f.known && !known && message[0] == '\t' {
		f.state = foldTabbed
		return true
	}
	if f.severity != ErrorLine && f.severity != Critical {
		return false
	}
	if start := stackStart(message); start != foldPlain && f.known {
		f.state, f.severity, f.stack = start, sev, true
		return true
	}
	return !known && indented(message)
}

// inPython reads frames up to the line that names the exception. Lines that a shipper gave a time and severity of
// their own are part of it when they could be.
func (f *Fold) inPython(sev Severity, message []byte, known bool) bool {
	if known && (!f.known || sev != f.severity) {
		return false
	}
	if indented(message) {
		if message[0] == '\t' && f.known && !known && !f.frames {
			f.state = foldTabbed
		}
		f.frames = true
		return true
	}
	if known && (!f.frames || !namesException(message)) {
		return false
	}
	if len(message) > 0 {
		f.state = foldRaised
	}
	return true
}

// afterRaised reads what may follow the exception's line: blanks and a sentence that leads to the next traceback.
func (f *Fold) afterRaised(message []byte) bool {
	switch {
	case len(message) == 0:
		f.blanks++
		return f.blanks <= 2
	case bytes.HasPrefix(message, []byte("During handling of the above exception")),
		bytes.HasPrefix(message, []byte("The above exception was the direct cause")):
		f.blanks = 0
		return true
	case stackStart(message) == foldPython && f.blanks > 0:
		f.state, f.frames, f.blanks = foldPython, false, 0
		return true
	}
	return f.blanks == 0 && indented(message)
}

func stackStart(message []byte) foldState {
	if len(message) == 0 {
		return foldPlain
	}
	switch message[0] {
	case 'T', ' ', '+':
		if bytes.HasSuffix(message, []byte("Traceback (most recent call last):")) {
			return foldPython
		}
	case 'p', 'f', 'g':
		if bytes.HasPrefix(message, []byte("panic: ")) || bytes.HasPrefix(message, []byte("fatal error: ")) ||
			bytes.HasPrefix(message, []byte("goroutine ")) && bytes.HasSuffix(message, []byte("]:")) {
			return foldGo
		}
	case 'E':
		if bytes.HasPrefix(message, []byte("Exception in thread ")) {
			return foldJava
		}
	}
	return foldPlain
}

// inGoPanic tells whether a line can be part of a panic's output: goroutines, calls, files.
func inGoPanic(message []byte) bool {
	if len(message) == 0 || message[0] == '\t' {
		return true
	}
	for _, start := range []string{"goroutine ", "created by ", "[signal ", "[recovered", "panic: ", "exit status "} {
		if bytes.HasPrefix(message, []byte(start)) {
			return true
		}
	}
	return message[len(message)-1] == ')' && bytes.IndexByte(message, '(') > 0 && bytes.IndexByte(message, ' ') < 0
}

// namesException tells whether a line looks like `package.Error: what happened`.
func namesException(message []byte) bool {
	name, _, _ := bytes.Cut(message, []byte{':'})
	for _, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && c != '.' && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return len(name) > 0
}

func indented(message []byte) bool {
	return len(message) > 0 && (message[0] == ' ' || message[0] == '\t')
}
