package process

import (
	"slices"
	"sync"
	"time"
)

// Bounds of the servers of forks, each of which holds the memory of what it has imported.
const (
	DefaultIdle    = 15 * time.Minute
	DefaultServers = 4
)

// servers are the servers of forks that jobs name, by their commands. Of more than the options allow the one ends that
// was not wanted for longest.
type servers struct {
	options Options
	ended   sync.WaitGroup

	mu  sync.Mutex
	all []*forks // the one wanted last is last
}

func newServers(o Options) *servers {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Fork <= 0 {
		o.Fork = DefaultFork
	}
	if o.Servers <= 0 {
		o.Servers = DefaultServers
	}
	return &servers{options: o}
}

// Warm starts a server, so that the first job need not wait for it; it stays however long it is not wanted, while it is not
// one too many. The error says why there is none.
func (e *Executor) Warm(command []string) error { return e.servers.of(command).warm() }

// Close ends the servers and waits for that. What they forked goes on.
func (e *Executor) Close() {
	e.servers.mu.Lock()
	all := e.servers.all
	e.servers.all = nil
	e.servers.mu.Unlock()
	for _, f := range all {
		f.end()
	}
	e.servers.ended.Wait()
}

// launch lets a server fork a shim that holds the ends of pipes.
func (s *servers) launch(command []string, p pipes) (*leash, error) { return s.of(command).launch(p) }

// of gives the server with a command. One that is too many for it ends beside, when it has done what it does.
func (s *servers) of(command []string) *forks {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(f *forks) bool { return slices.Equal(f.command, command) })
	if i >= 0 {
		f := s.all[i]
		s.all = append(slices.Delete(s.all, i, i+1), f)
		return f
	}
	f := newForks(s.options, command, &s.ended)
	s.all = append(s.all, f)
	if len(s.all) > s.options.Servers {
		go s.all[0].end()
		s.all = slices.Delete(s.all, 0, 1)
	}
	return f
}
