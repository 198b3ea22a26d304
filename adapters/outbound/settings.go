package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	sb "signalbox"
)

func parseBase(raw string) (*url.URL, []sb.Fault) {
	fault := func(message string) (*url.URL, []sb.Fault) {
		return nil, []sb.Fault{{Location: "url", Message: message}}
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case raw == "":
		return fault("is missing, such as https://airflow.example.com")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fault("is no http or https address")
	case u.User != nil:
		return fault("holds a user; name and password have fields of their own")
	case u.RawQuery != "" || u.Fragment != "":
		return fault("has a ? or #; give the address up to the path")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// secure builds what TLS needs.
func secure(s Settings) (*tls.Config, []sb.Fault) {
	var faults []sb.Fault
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(s.CA)) {
			faults = append(faults, sb.Fault{Location: "ca", Message: "holds no certificate in PEM"})
		}
		c.RootCAs = pool
	}
	if s.Certificate != "" || s.Key != "" {
		whole := []byte(s.Certificate + "\n" + s.Key)
		pair, err := tls.X509KeyPair(whole, whole)
		if err != nil {
			faults = append(faults, sb.Fault{Location: "client_key", Message: "certificate and key, both in PEM, do not make a pair"})
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, faults
}

// Headers that the client or the protocol sets.
var ownHeaders = []string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Accept", "Accept-Encoding", "Referer"}

func checkHeaders(headers map[string]string) []sb.Fault {
	var faults []sb.Fault
	for name, value := range headers {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			faults = append(faults, sb.Fault{Location: "headers", Message: "has a name that is none", Value: name})
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			faults = append(faults, sb.Fault{Location: "headers." + name, Message: "is set by the protocol"})
		case !httpguts.ValidHeaderFieldValue(value):
			faults = append(faults, sb.Fault{Location: "headers." + name, Message: "has a value with control characters"})
		}
	}
	return faults
}
