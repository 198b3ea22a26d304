package signalbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// MaxShownLog is the size up to which a log's lines are part of an answer; a larger one is offered for download
// only: 1 MB, which is 1,048,576 bytes.
const MaxShownLog = 1 << 20

// MaxChunk is the largest log chunk in bytes.
const MaxChunk = 1 << 20

// Log is a run's finished log.
type Log struct {
	Path         string `json:"path"` // its key in the log store
	Size         int64  `json:"size"` // bytes
	DownloadOnly bool   `json:"download_only"`
}

// Severity is a log line's.
type Severity string

// The severities, from least to most.
const (
	Debug     Severity = "DEBUG"
	Info      Severity = "INFO"
	Warning   Severity = "WARNING"
	ErrorLine Severity = "ERROR"
	Critical  Severity = "CRITICAL"
)

// Severities lists the severities from least to most.
var Severities = []Severity{Debug, Info, Warning, ErrorLine, Critical}

// Line is one entry of a log as people read it: a line, or a traceback in one piece.
type Line struct {
	Timestamp *time.Time `json:"timestamp"`
	Severity  Severity   `json:"severity"`
	Message   string     `json:"message"`
}

// Shown is a log as it is answered whole: with its lines up to MaxShownLog, else with its size only.
type Shown struct {
	Size         int64
	Complete     bool // nothing will be added
	DownloadOnly bool
	Lines        []Line
}

// LogPiece is a piece of a log with the offset behind it.
type LogPiece struct {
	Next  int64
	Lines []Line
}

// LineQuery asks for lines of a log: up to Count that fit, from the line numbered From on; the first has number 0.
type LineQuery struct {
	From   int64
	Count  int
	Level  Severity  // this one and worse; "" is any
	Search string    // case ignored; "" is any
	Since  time.Time // from the first line of that time or a later one on; zero is any
}

// NumberedLine is a line with its place in the log.
type NumberedLine struct {
	Number int64
	Line
}

// LogWindow is a part of a log's lines. Next is the number to go on from, -1 at the end of the log.
type LogWindow struct {
	Lines    []NumberedLine
	Next     int64
	Complete bool // nothing will be added to the log
}

// LogIndex tells what a log holds.
type LogIndex struct {
	Lines      int64
	Levels     map[Severity]int64
	FirstError *int64 // the number of the first line that is an error or worse
	Complete   bool   // nothing will be added to the log
}

// Chunk is a piece of a running log: whole lines, at most MaxChunk bytes; or many such pieces that follow each other in
// one process, joined to one object. Its row makes its object count.
type Chunk struct {
	Process
	Seq       int64 // counts from 0 per (source, try); of joined chunks, the last's
	Joined    int64 // how many chunks before it are in it too
	Size      int64 // bytes
	SHA256    string
	CreatedAt time.Time
	Taken     bool   // read where it was written, not sent by who wrote it
	URI       string // where others keep it; "" for an object of ours. Size and SHA256 are those of what is read there.
}

// ForeignLog is a log where others keep it, being read.
type ForeignLog struct {
	Place LogPlace
	io.ReadCloser
}

// LogPath is where a process says that its log lies.
type LogPath struct {
	Process
	URI string
}

// First is the number of the first chunk that is in it.
func (c Chunk) First() int64 { return c.Seq - c.Joined }

// Key is the chunk's key in the log store.
func (c Chunk) Key() string {
	name := fmt.Sprintf("%d-%s", c.Seq, c.SHA256[:8])
	if c.Joined > 0 {
		name = fmt.Sprintf("%d-%s", c.First(), name)
	}
	return fmt.Sprintf("chunks/%s/%d/%s.%d/%s", c.Run, c.Attempt, SafeElement(c.Source), c.Try, name)
}

// JoinedChunk is what chunks that follow each other become when their bytes are joined. Its hash is of their hashes.
func JoinedChunk(list []Chunk) Chunk {
	joined := list[len(list)-1]
	joined.Joined, joined.Size, joined.CreatedAt = joined.Seq-list[0].First(), 0, list[0].CreatedAt
	hash := sha256.New()
	for _, c := range list {
		joined.Size += c.Size
		hash.Write([]byte(c.SHA256 + "\n"))
	}
	joined.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return joined
}

// ChunkPrefix is what the keys of all of a run's chunks begin with.
func ChunkPrefix(run string) string { return "chunks/" + run + "/" }

// LogKey is the key of a run's finished log; the day is the UTC day of its end.
func LogKey(run string, end time.Time) string {
	return fmt.Sprintf("do_logs/%s/%s.log", end.UTC().Format("2006/01/02"), run)
}

// SafeElement makes any text one element of a key: what is not a letter, digit, '-' or '_' becomes =XX.
func SafeElement(s string) string {
	var out []byte
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			out = append(out, c)
		default:
			out = append(append(out, '='), hex.EncodeToString([]byte{c})...)
		}
	}
	return string(out)
}
