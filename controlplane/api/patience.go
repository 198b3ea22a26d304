package api

import (
	"net/http"
	"time"
)

const (
	defaultPatience = 30 * time.Second
	mouthful        = 64 << 10 // bytes of an answer that a reader takes within our patience
)

// patient ends the connection of a reader who takes nothing of an answer for so long, whatever the answer: it would
// hold a connection, and what it reads from, for ever. How long the whole takes does not matter.
func patient(h http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&patientWriter{w, http.NewResponseController(w), patience}, r)
	})
}

type patientWriter struct {
	http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration
}

// Write writes in pieces, each with a deadline of its own. The server takes the last one away when the answer is out.
func (w *patientWriter) Write(p []byte) (int, error) {
	written := 0
	for {
		w.renew()
		n, err := w.ResponseWriter.Write(p[written:min(len(p), written+mouthful)])
		if written += n; err != nil || written == len(p) {
			return written, err
		}
	}
}

// Flush sends what is still held back.
func (w *patientWriter) Flush() {
	w.renew()
	_ = w.rc.Flush() // a broken connection shows at the next write
}

// Unwrap gives what is below to a ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// renew sets the deadline. Not every connection knows deadlines; then the patience is the network's.
func (w *patientWriter) renew() { _ = w.rc.SetWriteDeadline(time.Now().Add(w.patience)) }
