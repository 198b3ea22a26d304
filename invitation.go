package signalbox

import "time"

// InvitationPath is the page that an invitation's link leads to, with its token as the query's "token".
const InvitationPath = "/auth/invitation"

// InvitationState is what became of an invitation.
type InvitationState string

// The states of an invitation. Only an open one can be accepted.
const (
	InvitationOpen     InvitationState = "open"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked"
	InvitationExpired  InvitationState = "expired"
)

// Invitation lets one person join, once: with a role, or for a dataset.
type Invitation struct {
	ID         string
	Email      string // lower case
	Role       Role
	DatasetID  string // "" for an invitation with a role alone
	Dataset    string // its name
	Permission Permission
	InvitedBy  Who
	State      InvitationState // when it was read
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt *time.Time
	AcceptedBy string // the id of who joined by it
	RevokedAt  *time.Time
}

// Gives is the permission that someone new gets by it: what it says, as far as its role goes.
func (v Invitation) Gives() Permission {
	if most := MostOf(v.Role); !most.AtLeast(v.Permission) {
		return most
	}
	return v.Permission
}

// Invited is an invitation that was made just now.
type Invited struct {
	Invitation
	Link        string // shown this once
	Mailed      bool
	Undelivered error // why it was not mailed, where mail is set up
}

// InvitationScope says which invitations are meant. What is empty is not asked about.
type InvitationScope struct {
	DatasetID string // those for this dataset
	InvitedBy string // those that this principal made
}

// InvitationQuery selects a page of invitations.
type InvitationQuery struct {
	InvitationScope
	Open   bool // only those that can still be accepted
	Cursor string
	Limit  int
}

// RoleOf is the role with which someone joins whom a dataset is shared with.
func RoleOf(p Permission) Role {
	switch p {
	case CanView:
		return Guest
	case CanTag:
		return Labeler
	case CanEdit, CanManage, NoAccess:
	}
	return Collaborator
}

// MostOf is the most that a role may have on any dataset; "" for a role that does not exist.
func MostOf(r Role) Permission {
	return map[Role]Permission{Guest: CanView, Labeler: CanTag, Collaborator: CanEdit, Member: CanManage, Admin: CanManage}[r]
}
