package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// invitationRow is a row of invitations.
type invitationRow struct {
	bun.BaseModel `bun:"table:invitations"`
	ID            string
	Hash          string
	Email         string
	Role          string
	DatasetID     string
	DatasetName   string
	Permission    string
	InvitedByID   string
	InvitedByName string
	CreatedAt     int64
	ExpiresAt     int64
	AcceptedAt    int64
	AcceptedByID  string
	RevokedAt     int64
}

func (row invitationRow) invitation() sb.Invitation {
	return sb.Invitation{
		ID: row.ID, Email: row.Email, Role: sb.Role(row.Role), DatasetID: row.DatasetID, Dataset: row.DatasetName,
		Permission: sb.Permission(row.Permission), InvitedBy: sb.Who{ID: row.InvitedByID, Name: row.InvitedByName},
		CreatedAt: timeAt(row.CreatedAt), ExpiresAt: timeAt(row.ExpiresAt),
		AcceptedAt: timeOf(row.AcceptedAt), RevokedAt: timeOf(row.RevokedAt),
	}
}

func (row invitationRow) object() sb.Object {
	return sb.Object{Kind: "invitation", ID: row.ID, Name: row.Email}
}

// CreateInvitation keeps an invitation by the hash of its token, in the place of an open one to the same address for
// the same. May judges in the transaction by facts about who invites. Conflict when the address is a user's already.
func (s *Store) CreateInvitation(ctx context.Context, v sb.Invitation, hash string, lasts int64, may func(by sb.Facts) error) (sb.Invitation, error) {
	var row invitationRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		by, err := t.inviter(ctx, v)
		if err != nil {
			return err
		}
		if err := may(by); err != nil {
			return err
		}
		if known, err := t.user(ctx, "SELECT * FROM principals WHERE email = ? AND kind = ? AND deleted_at = 0", v.Email, sb.User); err != nil || known != nil {
			return orElse(err, sb.Errorf(sb.Conflict, "%s is a user already: share with him directly", v.Email))
		}
		row = invitationRow{
			ID: newID(), Hash: hash, Email: v.Email, Role: string(v.Role), DatasetID: v.DatasetID, Permission: string(v.Permission),
			InvitedByID: v.InvitedBy.ID, InvitedByName: v.InvitedBy.Name, CreatedAt: t.now, ExpiresAt: t.now + lasts,
		}
		if by.Dataset != nil {
			row.DatasetName = by.Dataset.Name
		}
		_, err = t.exec(ctx, `UPDATE invitations SET revoked_at = ? WHERE email = ? AND dataset_id = ? AND accepted_at = 0 AND revoked_at = 0`,
			t.now, row.Email, row.DatasetID)
		if err != nil {
			return err
		}
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		return t.audit(ctx, "invitation.create", row.object(), row.detail())
	})
	return row.invitation(), err
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (row invitationRow) detail() map[string]any {
	d := map[string]any{"role": row.Role}
	if row.DatasetID != "" {
		d["dataset"], d["permission"] = map[string]string{"id": row.DatasetID, "name": row.DatasetName}, row.Permission
	}
	return d
}

// inviter reads the facts about who made an invitation, and about the dataset that it is for.
func (t *tx) inviter(ctx context.Context, v sb.Invitation) (sb.Facts, error) {
	list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: v.InvitedBy.ID, DatasetID: v.DatasetID}})
	if err != nil {
		return sb.Facts{}, err
	}
	return list[0], nil
}

// Invitations reads a page of invitations, newest first, whatever became of them.
func (s *Store) Invitations(ctx context.Context, cursor string, limit int) (sb.Page[sb.Invitation], error) {
	var page sb.Page[sb.Invitation]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	var rows []invitationRow
	err = s.read.NewRaw("SELECT * FROM invitations WHERE ? = '' OR id < ? ORDER BY id DESC LIMIT ?", after.Name, after.Name, limit+1).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].ID}.String()
	}
	page.Items = each(rows, invitationRow.invitation)
	return page, nil
}

// RevokeInvitation ends an invitation that waits. Conflict when it was accepted; one that was revoked stays so.
func (s *Store) RevokeInvitation(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		var rows []invitationRow
		err := t.NewRaw("SELECT * FROM invitations WHERE id = ?", id).Scan(ctx, &rows)
		row, err := one(rows, err, "invitation", id)
		if err != nil || row.RevokedAt != 0 {
			return err
		}
		if row.AcceptedAt != 0 {
			return sb.Errorf(sb.Conflict, "the invitation was accepted already")
		}
		if _, err := t.exec(ctx, "UPDATE invitations SET revoked_at = ? WHERE id = ?", t.now, id); err != nil {
			return err
		}
		return t.audit(ctx, "invitation.revoke", row.object(), nil)
	})
}

// AcceptInvitation gives a user what he was invited to: he keeps his role. May judges by facts about who invited
// whether he still could. Errors: NotFound, Forbidden (it is for another address), Conflict (accepted), Gone.
func (s *Store) AcceptInvitation(ctx context.Context, hash, principalID string, may func(by sb.Facts, v sb.Invitation) error) (sb.Invitation, error) {
	var row invitationRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		p, err := t.lockPrincipal(ctx, principalID)
		if err != nil {
			return err
		}
		var rows []invitationRow
		err = t.NewRaw("SELECT * FROM invitations WHERE hash = ?", hash).Scan(ctx, &rows)
		if row, err = one(rows, err, "this", "invitation"); err != nil {
			return err
		}
		if err := row.open(t.now); err != nil {
			return err
		}
		if p.Email == "" || p.Email != row.Email {
			return sb.Errorf(sb.Forbidden, "this invitation is for another address than yours")
		}
		by, err := t.inviter(ctx, row.invitation())
		if err != nil {
			return err
		}
		if may(by, row.invitation()) != nil {
			return sb.Errorf(sb.Gone, "this invitation is no longer good; ask for another one")
		}
		row.AcceptedAt = t.now
		return t.accept(ctx, row.invitation(), p.principal())
	})
	return row.invitation(), err
}

// open tells why an invitation cannot be accepted any more.
func (row invitationRow) open(now int64) error {
	switch {
	case row.AcceptedAt != 0:
		return sb.Errorf(sb.Conflict, "this invitation was accepted already")
	case row.RevokedAt != 0:
		return sb.Errorf(sb.Gone, "this invitation was taken back; ask for another one")
	case row.ExpiresAt <= now:
		return sb.Errorf(sb.Gone, "this invitation has expired; ask for another one")
	}
	return nil
}

// accept notes that someone joined by an invitation, and raises his grant on its dataset as far as his role goes.
func (t *tx) accept(ctx context.Context, v sb.Invitation, p sb.Principal) error {
	if _, err := t.exec(ctx, "UPDATE invitations SET accepted_at = ?, accepted_by_id = ? WHERE id = ?", t.now, p.ID, v.ID); err != nil {
		return err
	}
	detail := map[string]any{"user": map[string]string{"id": p.ID, "name": p.Name}}
	if v.DatasetID != "" && p.Role != sb.Admin {
		list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: p.ID, DatasetID: v.DatasetID}})
		if err != nil {
			return err
		}
		gets := v.Permission
		if most := sb.MostOf(p.Role); !most.AtLeast(gets) {
			gets = most
		}
		if own := list[0].Own; list[0].Dataset != nil && !own.AtLeast(gets) {
			if err := t.grant(ctx, sb.Grant{DatasetID: v.DatasetID, PrincipalID: p.ID, Permission: gets}); err != nil {
				return err
			}
			detail["dataset"], detail["permission"] = map[string]string{"id": v.DatasetID, "name": list[0].Dataset.Name}, edit{own, gets}
		}
	}
	return t.audit(ctx, "invitation.accept", sb.Object{Kind: "invitation", ID: v.ID, Name: v.Email}, detail)
}
