package config

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	sb "signalbox"
)

// certificate is a certificate in files, which is read again when they change.
type certificate struct {
	cert, key string

	mu    sync.Mutex
	read  *tls.Certificate
	at    time.Time // of the file that was read
	asked time.Time
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = 10 * time.Second

// TLS makes the settings of TLS; nil for none. Errors: Invalid.
func (s *Server) TLS() (*tls.Config, error) {
	if s.TLSCert == "" {
		return nil, nil //nolint:nilnil // there is no TLS, and that is fine
	}
	own := &certificate{cert: s.TLSCert, key: s.TLSKey}
	if _, err := own.get(nil); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the certificate %s and its key cannot be used", own.cert)
	}
	return &tls.Config{GetCertificate: own.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// get gives the certificate. One that cannot be read leaves the one before in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read != nil && time.Since(c.asked) < lookEvery {
		return c.read, nil
	}
	c.asked = time.Now()
	info, err := os.Stat(c.cert)
	if err == nil && (c.read == nil || !info.ModTime().Equal(c.at)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.read, c.at = &pair, info.ModTime()
		}
	}
	if c.read == nil {
		return nil, err
	}
	return c.read, nil
}
