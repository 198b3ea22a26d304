package saml

import (
	"compress/flate"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity/attributes"
)

const (
	home   = "http://127.0.0.1:1"
	entity = "https://idp.example"
	acs    = home + "/auth/p/acs"
	us     = home + "/auth/p/metadata"
)

// pair is a key with its certificate.
type pair struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
	der  []byte
}

func newPair(t *testing.T) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return pair{key, cert, der}
}

// GetKeyPair gives the pair to a signer.
func (p pair) GetKeyPair() (*rsa.PrivateKey, []byte, error) { return p.key, p.der, nil }

func (p pair) sign(t *testing.T, el *etree.Element, method string) *etree.Element {
	t.Helper()
	ctx := dsig.NewDefaultSigningContext(p)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	require.NoError(t, ctx.SetSignatureMethod(method))
	signed, err := ctx.SignEnveloped(el)
	require.NoError(t, err)
	return signed
}

// world is a provider with a key of its own, and ourselves beside it.
type world struct {
	t        *testing.T
	own      pair
	provider *Provider
	pending  *sb.Pending
}

func setup(t *testing.T, change ...func(*Settings)) *world {
	t.Helper()
	w := &world{t: t, own: newPair(t)}
	s := Settings{
		Name: "p", Label: "P", Home: home, Domains: []string{"trusted.example"},
		Metadata:   func(context.Context) ([]byte, error) { return w.metadata(), nil },
		Attributes: Attributes{Email: "mail", Name: "cn"},
		Mapping: attributes.Mapping{
			Role:   attributes.Rule{From: "role", Values: map[string]string{"boss": "admin"}},
			Groups: attributes.Rule{From: "memberOf", Values: map[string]string{"x": "red"}},
		},
	}
	for _, f := range change {
		f(&s)
	}
	w.provider = New(s)
	w.pending = &sb.Pending{State: "state"}
	_, err := w.provider.Begin(t.Context(), w.pending)
	require.NoError(t, err)
	return w
}

func (w *world) metadata() []byte {
	return []byte(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` +
		base64.StdEncoding.EncodeToString(w.own.der) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + entity + `/slo"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + entity + `/sso?x=1"/>
</IDPSSODescriptor></EntityDescriptor>`)
}

// said is what an assertion says; text is replaced in it.
func (w *world) said(replace ...string) string {
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("2006-01-02T15:04:05.000Z") }
	text := strings.NewReplacer("REQUEST", w.pending.Nonce, "NOW", at(0), "SOON", at(time.Minute), "BEFORE", at(-time.Minute)).Replace(
		`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="r1" Version="2.0" IssueInstant="NOW" Destination="` + acs + `" InResponseTo="REQUEST"><saml:Issuer>` + entity + `</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a1" Version="2.0" IssueInstant="NOW"><saml:Issuer>` + entity + `</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ann</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="REQUEST" NotOnOrAfter="SOON" Recipient="` + acs + `"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="BEFORE" NotOnOrAfter="SOON"><saml:AudienceRestriction><saml:Audience>` + us + `</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="NOW" SessionIndex="s1"/><saml:AttributeStatement><saml:Attribute Name="urn:oid:1" FriendlyName="mail"><saml:AttributeValue>Ann@Trusted.example</saml:AttributeValue></saml:Attribute><saml:Attribute Name="cn"><saml:AttributeValue>Ann</saml:AttributeValue></saml:Attribute><saml:Attribute Name="role"><saml:AttributeValue>boss</saml:AttributeValue></saml:Attribute><saml:Attribute Name="memberOf"><saml:AttributeValue>x</saml:AttributeValue><saml:AttributeValue>y</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>`)
	for i := 0; i+1 < len(replace); i += 2 {
		old := strings.NewReplacer("REQUEST", w.pending.Nonce).Replace(replace[i])
		require.Contains(w.t, text, old)
		text = strings.ReplaceAll(text, old, strings.NewReplacer("LATER", at(10*time.Minute), "LONG AGO", at(-10*time.Minute)).Replace(replace[i+1]))
	}
	return text
}

func parse(t *testing.T, text string) *etree.Document {
	t.Helper()
	doc := etree.NewDocument()
	require.NoError(t, doc.ReadFromString(text))
	return doc
}

// signed signs the assertion of a response.
func (w *world) signed(text string, by pair, method string) *etree.Document {
	w.t.Helper()
	doc := parse(w.t, text)
	old := doc.Root().SelectElement("Assertion")
	signed := by.sign(w.t, old, method)
	doc.Root().RemoveChild(old)
	doc.Root().AddChild(signed)
	return doc
}

func (w *world) finish(doc *etree.Document, change ...func(*sb.Answer)) (sb.Proof, error) {
	w.t.Helper()
	text, err := doc.WriteToBytes()
	require.NoError(w.t, err)
	a := sb.Answer{Values: map[string][]string{"SAMLResponse": {base64.StdEncoding.EncodeToString(text)}, "RelayState": {"state"}}}
	pending := w.pending
	for _, f := range change {
		f(&a)
		pending = nil
	}
	return w.provider.Finish(w.t.Context(), a, pending)
}

const rsa256 = dsig.RSASHA256SignatureMethod

func TestALogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	proof, err := w.finish(w.signed(w.said(), w.own, rsa256))
	require.NoError(t, err, "%v", errors.Unwrap(err))
	require.Equal(t, "a1", proof.Assertion)
	require.Greater(t, time.Until(proof.Until), 3*time.Minute)
	hint := proof.Login.Logout
	proof.Login.Logout = nil
	require.Equal(t, sb.Login{
		Provider: "p", Subject: "ann", Email: "ann@trusted.example", Verified: true, Name: "Ann", Role: sb.Admin,
		Groups: []string{"red"}, Maps: sb.Maps{Role: true, Groups: true},
	}, proof.Login)

	address, err := w.provider.Logout(t.Context(), hint)
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	packed, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	require.NoError(t, err)
	text, err := io.ReadAll(flate.NewReader(strings.NewReader(string(packed))))
	require.NoError(t, err)
	require.Contains(t, string(text), ">ann<")
	require.Contains(t, string(text), ">s1<")
}

func TestASignedResponseCoversItsAssertion(t *testing.T) {
	t.Parallel()
	w := setup(t)
	doc := parse(t, w.said())
	doc.SetRoot(w.own.sign(t, doc.Root(), rsa256))
	_, err := w.finish(doc)
	require.NoError(t, err, "%v", errors.Unwrap(err))
}

func TestAnswersThatProveNothing(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(w *world) *etree.Document{
		"not signed":        func(w *world) *etree.Document { return parse(w.t, w.said()) },
		"signed by another": func(w *world) *etree.Document { return w.signed(w.said(), newPair(w.t), rsa256) },
		"signed with SHA-1": func(w *world) *etree.Document { return w.signed(w.said(), w.own, dsig.RSASHA1SignatureMethod) },
		"altered": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			doc.FindElement("//NameID").SetText("root")
			return doc
		},
		"another audience": func(w *world) *etree.Document {
			return w.signed(w.said("<saml:Audience>"+us, "<saml:Audience>https://other.example"), w.own, rsa256)
		},
		"no audience": func(w *world) *etree.Document {
			return w.signed(w.said("<saml:AudienceRestriction><saml:Audience>"+us+"</saml:Audience></saml:AudienceRestriction>", ""), w.own, rsa256)
		},
		"another issuer": func(w *world) *etree.Document {
			return w.signed(w.said("<saml:Issuer>"+entity, "<saml:Issuer>https://evil.example"), w.own, rsa256)
		},
		"another recipient": func(w *world) *etree.Document {
			return w.signed(w.said(`Recipient="`+acs, `Recipient="https://other.example/acs`), w.own, rsa256)
		},
		"another destination": func(w *world) *etree.Document {
			return w.signed(w.said(`Destination="`+acs, `Destination="https://other.example/acs`), w.own, rsa256)
		},
		"an answer to another request": func(w *world) *etree.Document {
			return w.signed(w.said(`InResponseTo="REQUEST"`, `InResponseTo="id-other"`), w.own, rsa256)
		},
		"an answer to no request": func(w *world) *etree.Document {
			return w.signed(w.said(` InResponseTo="REQUEST"`, ``), w.own, rsa256)
		},
		"a confirmation of another request": func(w *world) *etree.Document {
			return w.signed(w.said(`Data InResponseTo="REQUEST"`, `Data InResponseTo="id-other"`), w.own, rsa256)
		},
		"no confirmation": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			s := doc.FindElement("//Subject")
			s.RemoveChild(s.SelectElement("SubjectConfirmation"))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"a confirmation without data": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			s := doc.FindElement("//SubjectConfirmation")
			s.RemoveChild(s.SelectElement("SubjectConfirmationData"))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"not for bearers": func(w *world) *etree.Document {
			return w.signed(w.said("cm:bearer", "cm:holder-of-key"), w.own, rsa256)
		},
		"expired": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Conditions").CreateAttr("NotOnOrAfter", time.Now().UTC().Add(-2*time.Minute).Format(time.RFC3339))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"not yet valid": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Conditions").CreateAttr("NotBefore", time.Now().UTC().Add(2*time.Minute).Format(time.RFC3339))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"without an end": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Conditions").RemoveAttr("NotOnOrAfter")
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"without conditions": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			a := doc.FindElement("//Assertion")
			a.RemoveChild(a.SelectElement("Conditions"))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"issued long ago": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Assertion").CreateAttr("IssueInstant", time.Now().UTC().Add(-2*time.Minute).Format(time.RFC3339))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"issued in the future": func(w *world) *etree.Document {
			doc := parse(w.t, w.said())
			doc.FindElement("//Assertion").CreateAttr("IssueInstant", time.Now().UTC().Add(2*time.Minute).Format(time.RFC3339))
			text, _ := doc.WriteToString()
			return w.signed(text, w.own, rsa256)
		},
		"a name of this moment": func(w *world) *etree.Document {
			return w.signed(w.said("nameid-format:persistent", "nameid-format:transient"), w.own, rsa256)
		},
		"no name": func(w *world) *etree.Document { return w.signed(w.said(">ann<", "><"), w.own, rsa256) },
		"a failed login": func(w *world) *etree.Document {
			return w.signed(w.said("status:Success", "status:Responder"), w.own, rsa256)
		},
		"not a response":    func(w *world) *etree.Document { return parse(w.t, "<a/>") },
		"an empty document": func(*world) *etree.Document { return etree.NewDocument() },
		"with a document type": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			text, _ := doc.WriteToString()
			return parse(w.t, `<!DOCTYPE x [<!ENTITY e "v">]>`+text)
		},
		"wrapped: a forged assertion before the signed one": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			forged := parse(w.t, w.said(`ID="a1"`, `ID="a2"`, ">ann<", ">root<")).Root().SelectElement("Assertion")
			doc.Root().InsertChildAt(2, forged)
			return doc
		},
		"wrapped: the same id twice": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			forged := parse(w.t, w.said(">ann<", ">root<")).Root().SelectElement("Assertion")
			doc.Root().InsertChildAt(2, forged)
			return doc
		},
		"wrapped: the signed one inside the forged one's signature": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			good := doc.Root().SelectElement("Assertion")
			forged := parse(w.t, w.said(`ID="a1"`, `ID="a2"`, ">ann<", ">root<")).Root().SelectElement("Assertion")
			doc.Root().RemoveChild(good)
			signature := good.SelectElement("Signature").Copy()
			signature.CreateElement("ds:Object").AddChild(good)
			forged.AddChild(signature)
			doc.Root().AddChild(forged)
			return doc
		},
		"wrapped: the signed one in an extension": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			good := doc.Root().SelectElement("Assertion")
			forged := parse(w.t, w.said(`ID="a1"`, `ID="a2"`, ">ann<", ">root<")).Root().SelectElement("Assertion")
			doc.Root().RemoveChild(good)
			doc.Root().CreateElement("samlp:Extensions").AddChild(good)
			doc.Root().AddChild(forged)
			return doc
		},
		"wrapped: the signature moved to the forged one": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			good := doc.Root().SelectElement("Assertion")
			signature := good.SelectElement("Signature")
			good.RemoveChild(signature)
			forged := parse(w.t, w.said(`ID="a1"`, `ID="a2"`, ">ann<", ">root<")).Root().SelectElement("Assertion")
			forged.AddChild(signature)
			doc.Root().AddChild(forged)
			return doc
		},
		"two signatures": func(w *world) *etree.Document {
			doc := w.signed(w.said(), w.own, rsa256)
			a := doc.Root().SelectElement("Assertion")
			a.AddChild(a.SelectElement("Signature").Copy())
			return doc
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, err := w.finish(forge(w))
			require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "%v", err)
		})
	}
}

func TestACommentDoesNotCutAName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	doc := w.signed(w.said(">ann<", ">ann.evil<"), w.own, rsa256)
	text, err := doc.WriteToString()
	require.NoError(t, err)
	proof, err := w.finish(parse(t, strings.ReplaceAll(text, ">ann.evil<", ">ann<!-- -->.evil<")))
	if err == nil {
		require.Equal(t, "ann.evil", proof.Login.Subject)
	}
}

func TestUnsolicitedAssertions(t *testing.T) {
	t.Parallel()
	come := func(a *sb.Answer) { a.Unsolicited = true }
	alone := []string{` InResponseTo="REQUEST"`, ``, acs, acs + "/unsolicited"}
	w := setup(t)
	_, err := w.finish(w.signed(w.said(alone...), w.own, rsa256), come)
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "off unless it is allowed")

	w = setup(t, func(s *Settings) { s.AllowUnsolicited = true })
	_, err = w.finish(w.signed(w.said(alone...), w.own, rsa256), come)
	require.NoError(t, err, "%v", errors.Unwrap(err))
	_, err = w.finish(w.signed(w.said(), w.own, rsa256), come)
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "an answer to a request is none")
	_, err = w.finish(w.signed(w.said(alone...), w.own, rsa256))
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "and the other path takes answers only")
}

func TestOurMetadata(t *testing.T) {
	t.Parallel()
	own := newPair(t)
	w := setup(t, func(s *Settings) { s.Key, s.Certificate = own.key, own.cert })
	text, err := w.provider.Metadata(t.Context())
	require.NoError(t, err)
	var d crewjam.EntityDescriptor
	require.NoError(t, xml.Unmarshal(text, &d))
	require.Equal(t, us, d.EntityID)
	sp := d.SPSSODescriptors[0]
	require.True(t, *sp.WantAssertionsSigned)
	require.True(t, *sp.AuthnRequestsSigned)
	require.Len(t, sp.AssertionConsumerServices, 1)
	require.Equal(t, acs, sp.AssertionConsumerServices[0].Location)
	require.NotContains(t, string(text), "PRIVATE")
}

func TestAProviderWithoutMetadataIsFoundLater(t *testing.T) {
	t.Parallel()
	w := setup(t)
	down := true
	p := New(Settings{Name: "p", Label: "P", Home: home, Metadata: func(context.Context) ([]byte, error) {
		if down {
			return nil, errors.New("down")
		}
		return w.metadata(), nil
	}})
	_, err := p.Begin(t.Context(), &sb.Pending{})
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	down = false
	_, err = p.Begin(t.Context(), &sb.Pending{})
	require.NoError(t, err)
}
