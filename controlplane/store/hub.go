package store

import (
	"context"
	"strings"
	"sync"

	sb "signalbox"
)

const hubBuffer = 1024

// hub hands notes to all who read them in this process.
type hub struct {
	mu      *sync.Mutex
	readers map[chan sb.Note]struct{}
}

func newHub() hub { return hub{mu: new(sync.Mutex), readers: map[chan sb.Note]struct{}{}} }

// Notes gives the notes that follow from now on, until ctx is done; then the channel is closed. A reader that is more
// than a thousand notes behind misses some. On Postgres notes come while Listen hears them.
func (s *Store) Notes(ctx context.Context) <-chan sb.Note {
	c := make(chan sb.Note, hubBuffer)
	s.hub.mu.Lock()
	s.hub.readers[c] = struct{}{}
	s.hub.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		delete(s.hub.readers, c)
		close(c)
	})
	return c
}

func (h hub) send(notes ...sb.Note) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.readers {
		for _, n := range notes {
			select {
			case c <- n:
			default:
			}
		}
	}
}

// writeNotes makes one line of each note.
func writeNotes(notes []sb.Note) string {
	lines := make([]string, 0, len(notes))
	seen := map[sb.Note]bool{}
	for _, n := range notes {
		if !seen[n] {
			seen[n] = true
			lines = append(lines, string(n.Topic)+" "+n.ID)
		}
	}
	return strings.Join(lines, "\n")
}

// readNotes reads what writeNotes wrote; what is no note is left out.
func readNotes(text string) []sb.Note {
	var notes []sb.Note
	for line := range strings.Lines(text) {
		if topic, id, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok {
			notes = append(notes, sb.Note{Topic: sb.Topic(topic), ID: id})
		}
	}
	return notes
}
