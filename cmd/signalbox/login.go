package main

import (
	"net"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/config"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/identity/providers"
	"signalbox/controlplane/mail"
)

// front is how browsers reach a control plane, and how people log in.
type front struct {
	home      string   // our address
	hosts     []string // names by which we answer; none: by every name
	demo      bool     // whether everybody may be a demonstration user
	providers []identity.Provider
	post      identity.Post // nil: no mail is sent
}

// serveFront is that of a team's control plane, behind whatever name it has.
func serveFront(c config.Config, l net.Listener) (front, error) {
	if c.Login.ProvidersFile != "" && c.Server.PublicURL == "" {
		return front{}, sb.Errorf(sb.Invalid, "login providers need SIGNALBOX_PUBLIC_URL, the address to which they send browsers back")
	}
	if c.Mail.Address != "" && c.Server.PublicURL == "" {
		return front{}, sb.Errorf(sb.Invalid, "mail needs SIGNALBOX_PUBLIC_URL, the address that links in it lead to")
	}
	return withOutside(c, front{home: localURL(c, l)})
}

// devFront is that of one machine, which answers by names of its own only.
func devFront(c config.Config, l net.Listener) (front, error) {
	home := localURL(c, l)
	return withOutside(c, front{home: home, hosts: c.DevHosts(home), demo: c.DemoLogin()})
}

// withOutside adds the servers of others that the settings name.
func withOutside(c config.Config, f front) (front, error) {
	if m := c.Mail; m.Address != "" {
		post, err := mail.New(mail.Options{
			Address: m.Address, Security: m.Security, CA: m.CA, From: m.From, User: m.User, PasswordFile: m.PasswordFile,
		})
		if err != nil {
			return f, err
		}
		f.post = post
	}
	if c.Login.ProvidersFile == "" {
		return f, nil
	}
	var err error
	f.providers, err = providers.Read(c.Login.ProvidersFile, f.home)
	return f, err
}

// logins joins how people log in with where that is kept.
func logins(c config.Config, f foundation) *identity.Logins {
	return identity.NewLogins(f.store, f.keys, identity.LoginSettings{
		Providers: f.front.providers, Demo: f.front.demo, Idle: c.Login.SessionIdle, Max: c.Login.SessionMax, Check: access.Check,
	})
}

// invitations joins how people are invited with where that is kept.
func invitations(c config.Config, f foundation) *identity.Invitations {
	return identity.NewInvitations(f.store, access.Check, identity.InvitationSettings{
		Home: f.front.home, Post: f.front.post, Lasts: c.Login.InvitedFor,
	})
}
