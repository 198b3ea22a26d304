package intake

import (
	"maps"

	sb "signalbox"
)

// todo is what there is to do next.
type todo struct {
	settings   bool // the source was changed, or removed, or has something to show
	datasets   bool
	queued     bool            // operations may wait
	stranded   bool            // or may have been left behind
	all        bool            // look how all operations stand there, and tell what there is of them
	operations map[string]bool // look how these stand
	runs       map[string]bool // tell how these go
}

func (t *todo) add(more todo) {
	t.settings, t.datasets, t.queued = t.settings || more.settings, t.datasets || more.datasets, t.queued || more.queued
	t.stranded, t.all = t.stranded || more.stranded, t.all || more.all
	t.operations, t.runs = joined(t.operations, more.operations), joined(t.runs, more.runs)
}

func joined(a, b map[string]bool) map[string]bool {
	if a == nil {
		return maps.Clone(b)
	}
	maps.Copy(a, b)
	return a
}

// want adds to what there is to do, and wakes who does it.
func (l *watcher) want(more todo) {
	l.mu.Lock()
	l.wanted.add(more)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// peek tells what there is to do.
func (l *watcher) peek() todo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted
}

// next takes what there is to do.
func (l *watcher) next() todo {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.wanted
	l.wanted = todo{}
	return t
}

// hear notes what concerns this source until there are no more notes.
func (l *watcher) hear(notes <-chan sb.Note) {
	for n := range notes {
		switch {
		case n.Topic == sb.TopicSource && n.ID == l.id:
			l.want(todo{settings: true})
		case n.Topic == sb.TopicRun && l.tells(n.ID):
			l.want(todo{runs: map[string]bool{n.ID: true}})
		}
	}
}

// tells tells whether a run is one that its source hears of.
func (l *watcher) tells(run string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[run]
}

// changed hears of a change there.
func (l *watcher) changed(c sb.SourceChange) {
	l.mu.Lock()
	if c.Mark != "" {
		l.mark = c.Mark
	}
	l.mu.Unlock()
	if c.Operation == "" {
		l.want(todo{datasets: true})
		return
	}
	l.want(todo{queued: true, operations: map[string]bool{c.Operation: true}})
}
