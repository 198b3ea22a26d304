package saml

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	sb "signalbox"
)

// hint is what a provider wants to hear at logout.
type hint struct {
	NameID  crewjam.NameID
	Session string
}

func hintOf(a *crewjam.Assertion) hint {
	h := hint{NameID: *a.Subject.NameID}
	for _, s := range a.AuthnStatements {
		if s.SessionIndex != "" {
			h.Session = s.SessionIndex
		}
	}
	return h
}

// Logout gives the provider's address that ends the login there, where it takes such requests by redirect.
func (p *Provider) Logout(ctx context.Context, told []byte) (string, error) {
	sp, err := p.provider(ctx)
	if err != nil {
		return "", err
	}
	var h hint
	if err := json.Unmarshal(told, &h); err != nil {
		return "", sb.Wrap(err, sb.Internal, "what the provider wants to hear at logout is not readable")
	}
	where := sp.GetSLOBindingLocation(crewjam.HTTPRedirectBinding)
	if where == "" {
		return "", nil
	}
	unsigned := sp
	unsigned.SignatureMethod = "" // by redirect the address is signed, not the document
	request, err := unsigned.MakeLogoutRequest(where, h.NameID.Value)
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "the logout request could not be made")
	}
	request.NameID = &h.NameID
	if h.Session != "" {
		request.SessionIndex = &crewjam.SessionIndex{Value: h.Session}
	}
	return redirect(&sp, where, "SAMLRequest", request.Element())
}

// redirect writes a document into an address, signed if we have a key.
func redirect(sp *crewjam.ServiceProvider, where, name string, el *etree.Element) (string, error) {
	doc := etree.NewDocument()
	doc.SetRoot(el)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = doc.WriteTo(w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "the logout request could not be written")
	}
	query := name + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if sp.SignatureMethod != "" {
		query += "&SigAlg=" + url.QueryEscape(sp.SignatureMethod)
		signing, err := crewjam.GetSigningContext(sp)
		if err != nil {
			return "", sb.Wrap(err, sb.Internal, "the logout request could not be signed")
		}
		signature, err := signing.SignString(query)
		if err != nil {
			return "", sb.Wrap(err, sb.Internal, "the logout request could not be signed")
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	}
	u, err := url.Parse(where)
	if err != nil {
		return "", sb.Wrap(err, sb.Unavailable, "the provider's address for logouts is not one")
	}
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String(), nil
}
