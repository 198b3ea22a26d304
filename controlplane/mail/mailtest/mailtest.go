// Package mailtest starts a real SMTP server for tests, and shows the letters that it took.
package mailtest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed server.py
var program string

// patience bounds every wait.
const patience = time.Minute

// Options say how the server is spoken to.
type Options struct {
	Security       string // starttls, tls or none
	User, Password string // "" for no login
}

// Server is a mail server that ends with its test.
type Server struct {
	Address string
	CA      string // file with its own certificate
	t       *testing.T
	letters chan Letter
}

// Letter is a letter that the server took.
type Letter struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Data    string   `json:"data"` // as it came
	TLS     bool     `json:"tls"`
	User    string   `json:"user"` // who had logged in
	Subject string   `json:"-"`
	Header  netmail.Header
	Text    string `json:"-"`
}

// Installed tells whether there is a server to start.
func Installed(t *testing.T) bool {
	t.Helper()
	return exec.Command(python(t), "-c", "import aiosmtpd").Run() == nil
}

func python(t *testing.T) string {
	t.Helper()
	return filepath.Join(root(t), ".venv", "bin", "python")
}

// Start starts a server, or skips the test where aiosmtpd is not installed.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	if !Installed(t) {
		t.Skip("the mail server aiosmtpd is not there; `make tools` gets it")
	}
	s := &Server{t: t, letters: make(chan Letter, 16)}
	cert, key := certificate(t)
	s.CA = cert
	cmd := exec.Command(python(t), "-u", "-c", program, "--security="+o.Security, "--cert="+cert, "--key="+key, "--user="+o.User, "--password="+o.Password)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range s.letters { // closed when the output has ended
		}
		_ = cmd.Wait()
	})
	if !lines.Scan() {
		close(s.letters)
		_ = cmd.Wait()
		t.Fatalf("the mail server does not start: %s", wrong.String())
	}
	s.Address = lines.Text()
	go s.read(lines)
	return s
}

func (s *Server) read(lines *bufio.Scanner) {
	defer close(s.letters)
	for lines.Scan() {
		var l Letter
		if json.Unmarshal(lines.Bytes(), &l) == nil {
			s.letters <- l
		}
	}
}

// Next waits for the next letter.
func (s *Server) Next() Letter {
	s.t.Helper()
	select {
	case l := <-s.letters:
		m, err := netmail.ReadMessage(strings.NewReader(l.Data))
		require.NoError(s.t, err)
		l.Header = m.Header
		l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(s.t, err)
		require.Equal(s.t, "quoted-printable", m.Header.Get("Content-Transfer-Encoding"))
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		require.NoError(s.t, err)
		l.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
		return l
	case <-time.After(patience):
		s.t.Fatal("no mail came")
	}
	return Letter{}
}

// root is the folder of the project.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("this is no folder of the project")
	return ""
}

// certificate makes a certificate for this machine that vouches for itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}
