package saml

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	"github.com/crewjam/saml/xmlenc"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func oaep(c xmlenc.BlockCipher) xmlenc.RSA {
	e := xmlenc.OAEP()
	e.BlockCipher, e.DigestMethod = c, xmlenc.SHA1
	return e
}

// encrypted puts the assertion of a response into one that is encrypted for whoever has the key of a certificate.
func encrypted(t *testing.T, doc *etree.Document, to *x509.Certificate, e xmlenc.RSA) *etree.Document {
	t.Helper()
	a := doc.Root().SelectElement("Assertion")
	alone := etree.NewDocument()
	alone.SetRoot(a.Copy())
	text, err := alone.WriteToBytes()
	require.NoError(t, err)
	data, err := e.Encrypt(to, text, nil)
	require.NoError(t, err)
	data.CreateAttr("Type", "http://www.w3.org/2001/04/xmlenc#Element")
	doc.Root().RemoveChild(a)
	doc.Root().CreateElement("saml:EncryptedAssertion").AddChild(data)
	return doc
}

// withKey is a world in which we have a key.
func withKey(t *testing.T) (*world, pair) {
	t.Helper()
	ours := newPair(t)
	return setup(t, func(s *Settings) { s.Key, s.Certificate = ours.key, ours.cert }), ours
}

func TestAnEncryptedAssertion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]xmlenc.BlockCipher{"128 bits": xmlenc.AES128CBC, "192 bits": xmlenc.AES192CBC, "256 bits": xmlenc.AES256CBC} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ours := withKey(t)
			proof, err := w.finish(encrypted(t, w.signed(w.said(), w.own, rsa256), ours.cert, oaep(c)))
			require.NoError(t, err, "%v", errors.Unwrap(err))
			require.Equal(t, "ann", proof.Login.Subject)
			require.Equal(t, "a1", proof.Assertion, "it is good once, like any other")
		})
	}
}

func TestASignedResponseCoversItsEncryptedAssertion(t *testing.T) {
	t.Parallel()
	w, ours := withKey(t)
	doc := encrypted(t, parse(t, w.said()), ours.cert, oaep(xmlenc.AES128CBC))
	doc.SetRoot(w.own.sign(t, doc.Root(), rsa256))
	_, err := w.finish(doc)
	require.NoError(t, err, "%v", errors.Unwrap(err))
}

func TestEncryptionProvesNothing(t *testing.T) {
	t.Parallel()
	aes := oaep(xmlenc.AES128CBC)
	for name, forge := range map[string]func(w *world, ours pair) *etree.Document{
		"not signed": func(w *world, ours pair) *etree.Document { return encrypted(w.t, parse(w.t, w.said()), ours.cert, aes) },
		"signed by another": func(w *world, ours pair) *etree.Document {
			return encrypted(w.t, w.signed(w.said(), newPair(w.t), rsa256), ours.cert, aes)
		},
		"signed with SHA-1": func(w *world, ours pair) *etree.Document {
			return encrypted(w.t, w.signed(w.said(), w.own, dsig.RSASHA1SignatureMethod), ours.cert, aes)
		},
		"another audience": func(w *world, ours pair) *etree.Document {
			return encrypted(w.t, w.signed(w.said("<saml:Audience>"+us, "<saml:Audience>https://other.example"), w.own, rsa256), ours.cert, aes)
		},
		"expired": func(w *world, ours pair) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Conditions").CreateAttr("NotOnOrAfter", time.Now().UTC().Add(-2*time.Minute).Format(time.RFC3339))
			text, _ := doc.WriteToString()
			return encrypted(w.t, w.signed(text, w.own, rsa256), ours.cert, aes)
		},
		"for another": func(w *world, _ pair) *etree.Document {
			return encrypted(w.t, w.signed(w.said(), w.own, rsa256), newPair(w.t).cert, aes)
		},
		"without OAEP": func(w *world, ours pair) *etree.Document {
			return encrypted(w.t, w.signed(w.said(), w.own, rsa256), ours.cert, xmlenc.PKCS1v15())
		},
		"altered": func(w *world, ours pair) *etree.Document {
			doc := encrypted(w.t, w.signed(w.said(), w.own, rsa256), ours.cert, aes)
			value := doc.FindElement("//EncryptedData/CipherData/CipherValue")
			raw, err := base64.StdEncoding.DecodeString(value.Text())
			require.NoError(w.t, err)
			raw[len(raw)/2] ^= 1
			value.SetText(base64.StdEncoding.EncodeToString(raw))
			return doc
		},
		"cut off": func(w *world, ours pair) *etree.Document {
			doc := encrypted(w.t, w.signed(w.said(), w.own, rsa256), ours.cert, aes)
			doc.FindElement("//EncryptedData/CipherData/CipherValue").SetText(base64.StdEncoding.EncodeToString(make([]byte, 17)))
			return doc
		},
		"nothing in it": func(w *world, ours pair) *etree.Document {
			doc := encrypted(w.t, w.signed(w.said(), w.own, rsa256), ours.cert, aes)
			e := doc.FindElement("//EncryptedAssertion")
			e.RemoveChildAt(0)
			return doc
		},
		"another one beside it": func(w *world, ours pair) *etree.Document {
			doc := encrypted(w.t, w.signed(w.said(), w.own, rsa256), ours.cert, aes)
			doc.Root().AddChild(parse(w.t, w.said(`ID="a1"`, `ID="a2"`, ">ann<", ">root<")).Root().SelectElement("Assertion"))
			return doc
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ours := withKey(t)
			_, err := w.finish(forge(w, ours))
			require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, "cannot be trusted")
		})
	}
}

// ellipticKey is a key that signs and opens nothing.
func ellipticKey(t *testing.T) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return key, cert
}

func TestWithoutAKeyThatOpensItIsSaidWhatIsMissing(t *testing.T) {
	t.Parallel()
	other, cert := ellipticKey(t)
	for name, set := range map[string]func(*Settings){
		"none":             func(*Settings) {},
		"one of no use so": func(s *Settings) { s.Key, s.Certificate = other, cert },
	} {
		w := setup(t, set)
		_, err := w.finish(encrypted(t, w.signed(w.said(), w.own, rsa256), newPair(t).cert, oaep(xmlenc.AES128CBC)))
		require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), name)
		require.ErrorContains(t, err, "key_file", name)
	}
}

func TestOurMetadataOffersEncryptionWhereOurKeyOpens(t *testing.T) {
	t.Parallel()
	uses := func(w *world) string {
		text, err := w.provider.Metadata(t.Context())
		require.NoError(t, err)
		var d crewjam.EntityDescriptor
		require.NoError(t, xml.Unmarshal(text, &d))
		var list []string
		for _, k := range d.SPSSODescriptors[0].KeyDescriptors {
			list = append(list, k.Use)
		}
		return strings.Join(list, " ")
	}
	w, _ := withKey(t)
	require.Equal(t, "encryption signing", uses(w))
	key, cert := ellipticKey(t)
	require.Equal(t, "signing", uses(setup(t, func(s *Settings) { s.Key, s.Certificate = key, cert })))
	require.Empty(t, uses(setup(t)))
}
