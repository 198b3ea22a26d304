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
	Invitations(ctx context.Context, cursor string, limit int) (sb.Page[sb.Invitation], error)
	RevokeInvitation(ctx context.Context, id string) error
	AcceptInvitation(ctx context.Context, hash, principalID string, may func(by sb.Facts, v sb.Invitation) error) (sb.Invitation, error)
}

// Check judges facts; see controlplane/access.
type Check func(sb.Facts, sb.Action) error

const invitationLasts = 7 * 24 * time.Hour

// Invitations let people join who are no users yet. An invitation counts as long as who made it could still make it:
// it ends with his right, with his account, and with its dataset.
type Invitations struct {
	store InvitationStore
	check Check
	lasts time.Duration
}

// NewInvitations makes Invitations that are good for so long; 0 is 7 days.
func NewInvitations(store InvitationStore, check Check, lasts time.Duration) *Invitations {
	if lasts == 0 {
		lasts = invitationLasts
	}
	return &Invitations{store: store, check: check, lasts: lasts}
}

// Invite makes an invitation, and gives its token this once. For a dataset the role follows from the permission.
// Errors: Invalid with every fault, Forbidden, NotFound, Conflict (the address is a user's: share with him directly;
// whoever may invite finds users by their address anyway).
func (i *Invitations) Invite(ctx context.Context, v sb.Invitation) (sb.Invitation, string, error) {
	v.Email = strings.ToLower(strings.TrimSpace(v.Email))
	if v.DatasetID != "" {
		v.Role = sb.RoleOf(v.Permission)
	}
	if err := faulty("the invitation is not valid", emailFaults(v.Email), roleFaults(&v.Role)); err != nil {
		return sb.Invitation{}, "", err
	}
	token, hash := newSecret(invitationToken)
	made, err := i.store.CreateInvitation(ctx, v, hex.EncodeToString(hash), i.lasts.Microseconds(), func(by sb.Facts) error { return mayInvite(i.check, by, v) })
	if err != nil {
		return sb.Invitation{}, "", err
	}
	return made, token, nil
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
func (i *Invitations) List(ctx context.Context, cursor string, limit int) (sb.Page[sb.Invitation], error) {
	return i.store.Invitations(ctx, cursor, limit)
}

// Revoke ends an invitation that waits. Errors: NotFound, Conflict (it was accepted).
func (i *Invitations) Revoke(ctx context.Context, id string) error {
	return i.store.RevokeInvitation(ctx, id)
}

// Accept gives a user what he was invited to. Errors: NotFound, Forbidden (it is for another address), Conflict (it was
// accepted), Gone (expired, revoked, or who invited could not do so any more).
func (i *Invitations) Accept(ctx context.Context, token, principalID string) (sb.Invitation, error) {
	return i.store.AcceptInvitation(ctx, hashed(token), principalID, func(by sb.Facts, v sb.Invitation) error { return mayInvite(i.check, by, v) })
}
