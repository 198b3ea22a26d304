// Package mail sends letters to people by SMTP; the only user of go-mail.
package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	sb "signalbox"
)

// How the connection to the mail server is secured.
const (
	StartTLS = "starttls" // it begins in clear text, and goes no further without TLS
	TLS      = "tls"      // from the first byte
	None     = "none"     // a server on this machine, or in a network that is trusted
)

const stepWithin = 10 * time.Second

// Options say which mail server takes our letters.
type Options struct {
	Address      string // host:port
	Security     string // StartTLS, TLS or None
	CA           string // file with the authorities that its certificate is checked against; "" for the system's
	From         string // sender, such as Signalbox <signalbox@example.org>
	User         string // "" for no login
	PasswordFile string // read for each letter, so that it can be changed

	Step time.Duration // bounds each of the few steps of a delivery, such as connecting; 0 is 10 s
}

// Post hands letters to a mail server, one connection each. It is safe for use by several goroutines.
type Post struct {
	set  Options
	host string
	port int
	from *netmail.Address
	pool *x509.CertPool // nil: the system's
}

// New makes a Post; it connects when there is a letter. Errors: Invalid (the address, the sender, or a file that cannot be read).
func New(o Options) (*Post, error) {
	if o.Step == 0 {
		o.Step = stepWithin
	}
	p := &Post{set: o}
	host, port, err := net.SplitHostPort(o.Address)
	if err == nil {
		p.host = host
		p.port, err = strconv.Atoi(port)
	}
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the mail server %s is not host:port", o.Address)
	}
	if p.from, err = netmail.ParseAddress(o.From); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the sender of mail is not an address")
	}
	if _, err := p.password(); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the password for the mail server cannot be read from %s", o.PasswordFile)
	}
	if o.CA == "" {
		return p, nil
	}
	text, err := os.ReadFile(o.CA)
	p.pool = x509.NewCertPool()
	if err != nil || !p.pool.AppendCertsFromPEM(text) {
		return nil, sb.Wrap(err, sb.Invalid, "there is no certificate of the mail server's authorities in %s", o.CA)
	}
	return p, nil
}

func (p *Post) password() (string, error) {
	if p.set.User == "" {
		return "", nil
	}
	text, err := os.ReadFile(p.set.PasswordFile)
	return strings.TrimRight(string(text), "\r\n"), err
}

// Invite sends an invitation to its address. Errors: Unavailable (it was not sent; the message is for who invited, the
// cause for the log).
func (p *Post) Invite(ctx context.Context, v sb.Invitation, link string) error {
	subject, text := letter(v, link)
	return p.send(ctx, v.Email, subject, text)
}

func (p *Post) send(ctx context.Context, to, subject, text string) error {
	client, err := p.client()
	if err != nil {
		return sb.Wrap(err, sb.Unavailable, "the settings of the mail server cannot be used just now")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(p.from)
	m.ToMailAddress(&netmail.Address{Address: to})
	m.Subject(subject)
	m.SetDate()
	_, domain, _ := strings.Cut(p.from.Address, "@")
	m.SetMessageIDWithValue(rand.Text() + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's absence answers
	m.SetBodyString(gomail.TypeTextPlain, text)
	if err = client.DialAndSendWithContext(ctx, m); err == nil || m.IsDelivered() {
		return nil
	}
	return undelivered(err)
}

// client makes a client for one letter.
func (p *Post) client() (*gomail.Client, error) {
	policy := gomail.TLSMandatory
	if p.set.Security == None {
		policy = gomail.NoTLS
	}
	options := []gomail.Option{
		gomail.WithPort(p.port), gomail.WithTimeout(p.set.Step), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(&tls.Config{ServerName: p.host, RootCAs: p.pool, MinVersion: tls.VersionTLS12}),
	}
	if p.set.Security == TLS {
		options = append(options, gomail.WithSSL())
	}
	if p.set.User != "" {
		password, err := p.password()
		if err != nil {
			return nil, err
		}
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(p.set.User), gomail.WithPassword(password))
	}
	host := p.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // go-mail puts it before the port as it is
	}
	return gomail.NewClient(host, options...)
}

// undelivered says to who wrote a letter why it was not sent.
func undelivered(err error) error {
	var refused *gomail.SendError
	switch {
	case !errors.As(err, &refused):
		return sb.Wrap(err, sb.Unavailable, "the mail server cannot be reached, or does not let us in")
	case refused.Reason == gomail.ErrSMTPRcptTo:
		return sb.Wrap(err, sb.Unavailable, "the mail server does not take mail for this address")
	}
	return sb.Wrap(err, sb.Unavailable, "the mail server did not take the mail")
}
