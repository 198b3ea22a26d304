package executors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// How the output that has not been acknowledged is kept on disk.
const (
	spoolMost    = 1 << 30  // bytes; then the operator is slowed by not reading its output
	spoolSegment = 16 << 20 // bytes of a file, which is removed once acknowledged
	chunkMost    = 256 << 10
	diskAgain    = time.Second // between two tries to write to a full disk
)

// spool keeps whole lines on disk between those who write them and the one who ships them. Writers wait while it is
// full. Safe for use by several writers and one reader.
type spool struct {
	dir           string
	most, segment int64

	mu     sync.Mutex
	out    *os.File // the newest segment, for writing
	in     *os.File // the oldest segment, for reading
	outAt  int64    // bytes in the newest segment
	inAt   int64    // bytes of the oldest segment that are acknowledged
	first  int      // number of the oldest segment
	last   int      // number of the newest
	unsent int64
	closed bool
	grown  chan struct{} // something was written, or the spool was closed
	room   chan struct{} // closed and renewed when something was acknowledged
}

var errSpoolClosed = errors.New("the spool is closed")

func newSpool(dir string) (*spool, error) {
	s := &spool{
		dir: dir, most: spoolMost, segment: spoolSegment,
		grown: make(chan struct{}, 1), room: make(chan struct{}),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return s, s.openFirst()
}

func (s *spool) openFirst() (err error) {
	if s.out, err = os.OpenFile(s.path(0), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	s.in, err = os.Open(s.path(0))
	return err
}

func (s *spool) path(n int) string { return filepath.Join(s.dir, fmt.Sprintf("%06d", n)) }

// Write keeps whole lines. It waits while the spool, or the disk, is full, until ctx is done: then what does not fit is
// dropped.
func (s *spool) Write(ctx context.Context, lines []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for s.unsent+int64(len(lines)) > s.most && s.unsent > 0 && !s.closed {
			if err := s.wait(ctx, nil); err != nil {
				return err
			}
		}
		if s.closed {
			return errSpoolClosed
		}
		err := s.append(lines)
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
			return err
		}
		if err := s.wait(ctx, time.After(diskAgain)); err != nil {
			return err
		}
	}
}

// wait lets go of the lock until there may be room again.
func (s *spool) wait(ctx context.Context, again <-chan time.Time) error {
	room := s.room
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-room:
	case <-again:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (s *spool) append(lines []byte) error {
	if s.outAt >= s.segment {
		next, err := os.OpenFile(s.path(s.last+1), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		_ = s.out.Close()
		s.out, s.outAt = next, 0
		s.last++
	}
	if _, err := s.out.Write(lines); err != nil { // a part of a line must not stay
		_, seek := s.out.Seek(s.outAt, io.SeekStart)
		return errors.Join(err, s.out.Truncate(s.outAt), seek)
	}
	s.outAt += int64(len(lines))
	s.unsent += int64(len(lines))
	wake(s.grown)
	return nil
}

// Next gives the oldest unacknowledged whole lines, at most max bytes; nil when there are none. Asking again without
// Ack gives the same, or more.
func (s *spool) Next(most int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	buf := make([]byte, min(int64(most), s.unsent))
	n, err := s.in.ReadAt(buf, s.inAt)
	if n == 0 && s.first < s.last {
		if err := s.turn(); err != nil {
			return nil, err
		}
		n, err = s.in.ReadAt(buf, s.inAt)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if end := bytes.LastIndexByte(buf[:n], '\n'); end >= 0 {
		return buf[:end+1], nil
	}
	return nil, nil
}

// turn goes on to the next segment and removes the one that is acknowledged.
func (s *spool) turn() error {
	_ = s.in.Close()
	_ = os.Remove(s.path(s.first))
	s.first++
	s.inAt = 0
	next, err := os.Open(s.path(s.first))
	if err == nil {
		s.in = next
	}
	return err
}

// Ack forgets the n oldest bytes.
func (s *spool) Ack(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inAt += int64(n)
	s.unsent -= int64(n)
	close(s.room)
	s.room = make(chan struct{})
}

// Unsent tells how many bytes wait, and whether any will follow.
func (s *spool) Unsent() (n int64, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsent, !s.closed
}

// Close says that nothing follows. What is kept can still be read.
func (s *spool) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.room)
	s.room = make(chan struct{})
	wake(s.grown)
}

// Remove closes the spool and removes its files.
func (s *spool) Remove() {
	s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Close()
	_ = s.in.Close()
	_ = os.RemoveAll(s.dir)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
