package saml

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/beevik/etree"
)

// errNoKey says that an assertion is encrypted and no key of ours opens it.
var errNoKey = errors.New("the assertion is encrypted, and the provider has no certificate_file and key_file here with an RSA key")

// encryptionMethods are those that an assertion may be encrypted with. Of what the library knows, RSA without OAEP is not
// among them, for whoever can ask often enough opens what was encrypted so; nor is triple DES.
var encryptionMethods = []string{
	"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
	"http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
	"http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2009/xmlenc11#aes128-gcm",
}

// openable tells whether our key may open an encrypted assertion. That it is encrypted proves nothing, for everybody may
// know our certificate: what comes out must be signed like any other, or the response around it.
func openable(el *etree.Element, key crypto.Signer) error {
	if _, fits := key.(*rsa.PrivateKey); !fits {
		return errNoKey
	}
	for _, method := range el.FindElements(".//EncryptionMethod") {
		if name := method.SelectAttrValue("Algorithm", ""); !slices.Contains(encryptionMethods, name) {
			return fmt.Errorf("the encryption method %q is not taken", name)
		}
	}
	return nil
}
