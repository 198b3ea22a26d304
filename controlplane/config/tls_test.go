package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// certify writes a certificate with a serial number, and its key.
func certify(t *testing.T, c Config, serial int64, at time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: at, NotAfter: at.Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for path, block := range map[string]*pem.Block{
		c.Server.TLSKey: {Type: "PRIVATE KEY", Bytes: secret}, c.Server.TLSCert: {Type: "CERTIFICATE", Bytes: der},
	} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
}

func TestACertificateIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	var c Config
	none, err := c.Server.TLS()
	require.NoError(t, err)
	require.Nil(t, none)
	dir := t.TempDir()
	c.Server.TLSCert, c.Server.TLSKey = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	_, err = c.Server.TLS()
	require.Equal(t, sb.Invalid, sb.CodeOf(err))

	now := time.Now().Add(-time.Minute)
	certify(t, c, 1, now)
	set, err := c.Server.TLS()
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS12, set.MinVersion)
	own := &certificate{cert: c.Server.TLSCert, key: c.Server.TLSKey}
	serial := func() int64 {
		own.asked = time.Time{} // as if it had not been looked at for a while
		got, err := own.get(nil)
		require.NoError(t, err)
		return got.Leaf.SerialNumber.Int64()
	}
	require.EqualValues(t, 1, serial())
	certify(t, c, 2, now.Add(time.Second))
	require.EqualValues(t, 2, serial())
	require.NoError(t, os.Remove(c.Server.TLSCert))
	require.EqualValues(t, 2, serial(), "what was read stays good")
}
