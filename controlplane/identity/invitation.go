package identity

import (
	"context"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"

	sb "signalbox"
)

// InvitationStore keeps invitations by the hashes of their tokens. What decides runs under the organisation's lock.
type InvitationStore interface {
	// CreateInvitation keeps one that lasts so many microseconds, in the place of an open one to that address for the same.
	CreateInvitation(ctx context.Context, v sb.Invitation, hash string, lasts int64, may func(by sb.Facts) error) (sb.Invitation, error)
	Invitations(ctx context.Context, q sb.InvitationQuery) (sb.Page[sb.Invitation], error)
	RevokeInvitation(ctx context.Context, id string, scope sb.InvitationScope) error
	// FindInvitation reads one; the error tells why it cannot be accepted any more.
	FindInvitation(ctx context.Context, hash string, may func(by sb.Facts, v sb.Invitation) error) (sb.Invitation, error)
	AcceptInvitation(ctx context.Context, hash, principalID string, may func(by sb.Facts, v sb.Invitation) error) (sb.Invitation, error)
}

// Post carries an invitation to its address, in bounded time. Errors: Unavailable (it was not sent; the message is for
// who invited, the cause for the log).
type Post interface {
	Invite(ctx context.Context, v sb.Invitation, link string) error
}

// Check judges facts; see controlplane/access.
type Check func(sb.Facts, sb.Action) error

const invitationLasts = 7 * 24 * time.Hour

// InvitationSettings are how people are invited.
type InvitationSettings struct {
	Home  string        // the address at which browsers reach us
	Post  Post          // nil: who invites gives the link on himself
	Lasts time.Duration // how long an invitation can be accepted; 0 is 7 days
}

// Invitations let people join who are no users yet. An invitation counts as long as who made it could still make it:
// it ends with his right, with his account, and with its dataset.
type Invitations struct {
	store InvitationStore
	check Check
	set   InvitationSettings
}

// NewInvitations makes Invitations.
func NewInvitations(store InvitationStore, check Check, s InvitationSettings) *Invitations {
	if s.Lasts == 0 {
		s.Lasts = invitationLasts
	}
	return &Invitations{store: store, check: check, set: s}
}

// Invite makes an invitation, mails it where that is set up, and gives its link this once, whatever became of the mail.
// For a dataset the role follows from the permission.
// Errors: Invalid with every fault, Forbidden, NotFound, Conflict (the address is a user's: share with him directly;
// whoever may invite finds users by their address anyway).
func (i *Invitations) Invite(ctx context.Context, v sb.Invitation) (sb.Invited, error) {
	v.Email = strings.ToLower(strings.TrimSpace(v.Email))
	if v.DatasetID != "" {
		v.Role = sb.RoleOf(v.Permission)
	}
	if err := faulty("the invitation is not valid", emailFaults(v.Email), roleFaults(&v.Role)); err != nil {
		return sb.Invited{}, err
	}
	token, hash := newSecret(invitationToken)
	made, err := i.store.CreateInvitation(ctx, v, hex.EncodeToString(hash), i.set.Lasts.Microseconds(), func(by sb.Facts) error { return mayInvite(i.check, by, v) })
	if err != nil {
		return sb.Invited{}, err
	}
	out := sb.Invited{Invitation: made, Link: strings.TrimSuffix(i.set.Home, "/") + sb.InvitationPath + "?token=" + token}
	if i.set.Post != nil {
		// It is kept, so it goes out also when who invited has gone away.
		out.Undelivered = i.set.Post.Invite(context.WithoutCancel(ctx), made, out.Link)
		out.Mailed = out.Undelivered == nil
	}
	return out, nil
}

// mayInvite tells whether the principal of the facts could make an invitation.
func mayInvite(check Check, by sb.Facts, v sb.Invitation) error {
	if v.DatasetID != "" {
		return check(by, sb.ActManageDataset)
	}
	return check(by, sb.ActAdminister)
}

// maxEmail is the longest address that mail can be sent to.
const maxEmail = 254

func emailFaults(email string) []sb.Fault {
	a, err := mail.ParseAddress(email)
	if err == nil && a.Address == email && a.Name == "" && len(email) <= maxEmail {
		return nil
	}
	return []sb.Fault{{Location: "body.email", Message: "must be an email address such as ann@example.org", Value: email}}
}

// List reads a page of invitations, newest first.
func (i *Invitations) List(ctx context.Context, q sb.InvitationQuery) (sb.Page[sb.Invitation], error) {
	return i.store.Invitations(ctx, q)
}

// Revoke ends an invitation that waits, if it is one of those that are meant. Errors: NotFound, Conflict (it was
// accepted).
func (i *Invitations) Revoke(ctx context.Context, id string, scope sb.InvitationScope) error {
	return i.store.RevokeInvitation(ctx, id, scope)
}

// Find reads the invitation of a token, for who holds it; the error tells why it cannot be accepted any more. Errors:
// NotFound, Conflict (it was accepted), Gone.
func (i *Invitations) Find(ctx context.Context, token string) (sb.Invitation, error) {
	if checkKind(token, invitationToken) != nil {
		return sb.Invitation{}, noInvitation()
	}
	return i.store.FindInvitation(ctx, hashed(token), i.good)
}

// Accept gives a user what he was invited to. Errors: NotFound, Forbidden (it is for another address), Conflict (it was
// accepted), Gone (expired, revoked, or who invited could not do so any more).
func (i *Invitations) Accept(ctx context.Context, token, principalID string) (sb.Invitation, error) {
	if checkKind(token, invitationToken) != nil {
		return sb.Invitation{}, noInvitation()
	}
	return i.store.AcceptInvitation(ctx, hashed(token), principalID, i.good)
}

// good tells whether who invited still could.
func (i *Invitations) good(by sb.Facts, v sb.Invitation) error { return mayInvite(i.check, by, v) }

func noInvitation() error {
	return sb.Errorf(sb.NotFound, "this invitation does not exist")
}
