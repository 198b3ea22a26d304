package saml

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	signatureNS = "http://www.w3.org/2000/09/xmldsig#"
	bearer      = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// Algorithms that a signature may be made with. SHA-1 is not one of them.
var (
	signatureMethods = []string{
		dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod,
		dsig.ECDSASHA256SignatureMethod, dsig.ECDSASHA384SignatureMethod, dsig.ECDSASHA512SignatureMethod,
	}
	digestMethods = []string{
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
	}
)

// check gives the one assertion of a response, if it can be trusted and answers the request; "" for none. The library
// checks signatures, issuer, destination and times; what is added here closes what it leaves open.
func check(sp crewjam.ServiceProvider, text []byte, request string) (a *crewjam.Assertion, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the library takes some elements for granted
			a, err = nil, fmt.Errorf("the assertion is not complete: %v", cause)
		}
	}()
	if err := plain(text, sp.Key); err != nil {
		return nil, err
	}
	sp.SignatureVerifier = strict{}
	if a, err = sp.ParseXMLResponse(text, []string{request}, sp.AcsURL); err != nil {
		return nil, err
	}
	return a, complete(a, &sp, request, time.Now())
}

// strict verifies a signature, after it looked how it was made.
type strict struct{}

// VerifySignature demands one signature over exactly this element, with algorithms of today.
func (strict) VerifySignature(v *dsig.ValidationContext, el *etree.Element) error {
	var signatures []*etree.Element
	for _, child := range el.ChildElements() {
		if child.Tag == "Signature" && child.NamespaceURI() == signatureNS {
			signatures = append(signatures, child)
		}
	}
	if len(signatures) != 1 {
		return fmt.Errorf("%d signatures of one element", len(signatures))
	}
	method := signatures[0].FindElement("./SignedInfo/SignatureMethod")
	references := signatures[0].FindElements("./SignedInfo/Reference")
	if method == nil || len(references) != 1 {
		return errors.New("the signature covers nothing, or more than one thing")
	}
	if name := method.SelectAttrValue("Algorithm", ""); !slices.Contains(signatureMethods, name) {
		return fmt.Errorf("the signature method %q is not taken", name)
	}
	digest := references[0].FindElement("./DigestMethod")
	if digest == nil || !slices.Contains(digestMethods, digest.SelectAttrValue("Algorithm", "")) {
		return errors.New("the digest method of the signature is not taken")
	}
	id := el.SelectAttrValue("ID", "")
	if id == "" || references[0].SelectAttrValue("URI", "") != "#"+id {
		return errors.New("the signature is about another element")
	}
	_, err := v.Validate(el)
	return err
}

// plain demands a document in which nothing can be mistaken for what was signed: one assertion, right below the root,
// signatures nowhere else than on these two, no id twice, no document type. An encrypted assertion must be one that our
// key may open.
func plain(text []byte, key crypto.Signer) error {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return err
	}
	root := doc.Root()
	if root == nil || root.Tag != "Response" || root.NamespaceURI() != protocolNS {
		return errors.New("this is no response")
	}
	for _, token := range doc.Child {
		if _, directive := token.(*etree.Directive); directive {
			return errors.New("the document declares a type")
		}
	}
	ids, assertions := map[string]bool{}, 0
	for _, el := range append(root.FindElements(".//*"), root) {
		for _, attr := range el.Attr {
			if attr.Space == "" && (attr.Key == "ID" || attr.Key == "Id" || attr.Key == "id") {
				if ids[attr.Value] {
					return errors.New("an id is there twice")
				}
				ids[attr.Value] = true
			}
		}
		switch {
		case el.Tag == "Assertion" || el.Tag == "EncryptedAssertion":
			if assertions++; assertions > 1 || el.Parent() != root || el.NamespaceURI() != assertionNS {
				return errors.New("there is more than one assertion, or it is not where it belongs")
			}
			if el.Tag == "EncryptedAssertion" {
				if err := openable(el, key); err != nil {
					return err
				}
			}
		case el.Tag == "Signature" && el.Parent() != root && el.Parent().Tag != "Assertion":
			return errors.New("a signature is not where it belongs")
		}
	}
	return nil
}

// complete demands what an assertion for a browser must have.
func complete(a *crewjam.Assertion, sp *crewjam.ServiceProvider, request string, now time.Time) error {
	switch {
	case a.ID == "" || a.Subject == nil || a.Subject.NameID == nil || a.Conditions == nil:
		return errors.New("the assertion has no id, subject or conditions")
	case a.IssueInstant.After(now.Add(skew)):
		return errors.New("the assertion is of the future")
	case a.Conditions.NotOnOrAfter.IsZero():
		return errors.New("the assertion has no end")
	case len(a.AuthnStatements) == 0:
		return errors.New("the assertion is about no login")
	}
	audiences := a.Conditions.AudienceRestrictions
	if len(audiences) == 0 {
		return errors.New("the assertion names no audience")
	}
	for _, r := range audiences {
		if r.Audience.Value != sp.MetadataURL.String() {
			return fmt.Errorf("the assertion is for %q", r.Audience.Value)
		}
	}
	for _, c := range a.Subject.SubjectConfirmations {
		d := c.SubjectConfirmationData
		if c.Method == bearer && d != nil && d.Recipient == sp.AcsURL.String() && d.InResponseTo == request &&
			!d.NotOnOrAfter.IsZero() && now.Before(d.NotOnOrAfter.Add(skew)) {
			return nil
		}
	}
	return errors.New("nothing confirms that the bearer of the assertion is its subject")
}
