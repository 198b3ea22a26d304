package config

import (
	"net"
	"net/mail"
	"slices"

	sb "signalbox"
)

// Mail is the mail server that carries invitations. Without an address no mail is sent.
type Mail struct {
	Address      string `envconfig:"SIGNALBOX_SMTP_ADDRESS" desc:"The mail server as host:port, such as smtp.example.org:587. Without one, who invites gives the link on himself. serve needs SIGNALBOX_PUBLIC_URL with it."`
	From         string `envconfig:"SIGNALBOX_SMTP_FROM" desc:"Sender of our mail, such as Signalbox <signalbox@example.org>."`
	Security     string `envconfig:"SIGNALBOX_SMTP_TLS" default:"starttls" desc:"starttls: nothing is sent without TLS; tls: TLS from the first byte, as on port 465; none: in clear text, without a login."`
	CA           string `envconfig:"SIGNALBOX_SMTP_TLS_CA" shown:"the system's" desc:"File with the authorities that the server's certificate is checked against."`
	User         string `envconfig:"SIGNALBOX_SMTP_USER" desc:"Name to log in with, if the server wants one."`
	PasswordFile string `envconfig:"SIGNALBOX_SMTP_PASSWORD_FILE" desc:"File with the password for that name; it is read for each mail."`
}

func (m *Mail) validate() []sb.Fault {
	faults := fault(slices.Contains([]string{"starttls", "tls", "none"}, m.Security), "SIGNALBOX_SMTP_TLS", "must be starttls, tls or none", m.Security)
	if m.Address == "" {
		return append(faults, fault(m.From == "" && m.User == "" && m.PasswordFile == "", "SIGNALBOX_SMTP_ADDRESS", "is missing, though other settings of mail are there", nil)...)
	}
	host, port, _ := net.SplitHostPort(m.Address)
	faults = append(faults, fault(address(m.Address) && host != "" && port != "0", "SIGNALBOX_SMTP_ADDRESS", "must be host:port", nil)...)
	_, err := mail.ParseAddress(m.From)
	faults = append(faults, fault(err == nil, "SIGNALBOX_SMTP_FROM", "must be an address such as Signalbox <signalbox@example.org>", m.From)...)
	faults = append(faults, fault((m.User == "") == (m.PasswordFile == ""), "SIGNALBOX_SMTP_USER", "and SIGNALBOX_SMTP_PASSWORD_FILE must be set together", nil)...)
	return append(faults, fault(m.User == "" || m.Security != "none", "SIGNALBOX_SMTP_TLS", "must not be none with a login: its password would be sent in clear text", nil)...)
}
