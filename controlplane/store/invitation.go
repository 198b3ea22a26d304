package store

import (
	"context"
	"slices"

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

// invitation is the row as it stands at a time.
func (row invitationRow) invitation(now int64) sb.Invitation {
	return sb.Invitation{
		ID: row.ID, Email: row.Email, Role: sb.Role(row.Role), DatasetID: row.DatasetID, Dataset: row.DatasetName,
		Permission: sb.Permission(row.Permission), InvitedBy: sb.Who{ID: row.InvitedByID, Name: row.InvitedByName}, State: row.state(now),
		CreatedAt: timeAt(row.CreatedAt), ExpiresAt: timeAt(row.ExpiresAt),
		AcceptedAt: timeOf(row.AcceptedAt), AcceptedBy: row.AcceptedByID, RevokedAt: timeOf(row.RevokedAt),
	}
}

func (row invitationRow) state(now int64) sb.InvitationState {
	switch {
	case row.AcceptedAt != 0:
		return sb.InvitationAccepted
	case row.RevokedAt != 0:
		return sb.InvitationRevoked
	case row.ExpiresAt <= now:
		return sb.InvitationExpired
	}
	return sb.InvitationOpen
}

func (row invitationRow) object() sb.Object {
	return sb.Object{Kind: "invitation", ID: row.ID, Name: row.Email}
}

// CreateInvitation keeps an invitation by the hash of its token, in the place of an open one to the same address for
// the same. May judges in the transaction by facts about who invites. Conflict when the address is a user's already.
func (s *Store) CreateInvitation(ctx context.Context, v sb.Invitation, hash string, lasts int64, may func(by sb.Facts) error) (sb.Invitation, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		by, err := inviter(ctx, t, v)
		if err != nil {
			return err
		}
		if err := may(by); err != nil {
			return err
		}
		if known, err := t.user(ctx, "SELECT * FROM principals WHERE email = ? AND kind = ? AND deleted_at = 0", v.Email, sb.User); err != nil || known != nil {
			return orElse(err, sb.Errorf(sb.Conflict, "%s is a user already: share with him directly", v.Email))
		}
		row := invitationRow{
			ID: newID(), Hash: hash, Email: v.Email, Role: string(v.Role), DatasetID: v.DatasetID, Permission: string(v.Permission),
			InvitedByID: by.Principal.ID, InvitedByName: by.Principal.Name, CreatedAt: t.now, ExpiresAt: t.now + lasts,
		}
		if by.Dataset != nil {
			row.DatasetName = by.Dataset.Name
		}
		v = row.invitation(t.now)
		return t.keepInvitation(ctx, row)
	})
	return v, err
}

// keepInvitation puts an invitation in the place of an open one.
func (t *tx) keepInvitation(ctx context.Context, row invitationRow) error {
	_, err := t.exec(ctx, `UPDATE invitations SET revoked_at = ? WHERE email = ? AND dataset_id = ? AND accepted_at = 0 AND revoked_at = 0`,
		t.now, row.Email, row.DatasetID)
	if err != nil {
		return err
	}
	if err := insert(ctx, t, &row); err != nil {
		return err
	}
	return t.audit(ctx, "invitation.create", row.object(), row.detail())
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
func inviter(ctx context.Context, q bun.IDB, v sb.Invitation) (sb.Facts, error) {
	list, err := grounds(ctx, q, []sb.Ask{{PrincipalID: v.InvitedBy.ID, DatasetID: v.DatasetID}})
	if err != nil {
		return sb.Facts{}, err
	}
	return list[0], nil
}

// amongInvitations is the condition that an invitation is one of those that are meant.
const amongInvitations = " (? = '' OR dataset_id = ?) AND (? = '' OR invited_by_id = ?)"

func among(s sb.InvitationScope) []any {
	return []any{s.DatasetID, s.DatasetID, s.InvitedBy, s.InvitedBy}
}

// Invitations reads a page of invitations, newest first.
func (s *Store) Invitations(ctx context.Context, q sb.InvitationQuery) (sb.Page[sb.Invitation], error) {
	var page sb.Page[sb.Invitation]
	after, err := readNameCursor(q.Cursor)
	if err != nil {
		return page, err
	}
	limit := limitOf(q.Limit)
	var rows []struct {
		invitationRow `bun:",extend"`
		Now           int64
	}
	open := ""
	if q.Open {
		open = " AND accepted_at = 0 AND revoked_at = 0 AND expires_at > " + string(s.nowSQL())
	}
	err = s.read.NewRaw("SELECT *, ? AS now FROM invitations WHERE"+amongInvitations+open+" AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?",
		slices.Concat([]any{s.nowSQL()}, among(q.InvitationScope), []any{after.Name, after.Name, limit + 1})...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].ID}.String()
	}
	for _, row := range rows {
		page.Items = append(page.Items, row.invitation(row.Now))
	}
	return page, nil
}

// RevokeInvitation ends an invitation that waits, if it is one of those that are meant; else NotFound. Conflict when it
// was accepted; one that was revoked stays so.
func (s *Store) RevokeInvitation(ctx context.Context, id string, scope sb.InvitationScope) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		var rows []invitationRow
		err := t.NewRaw("SELECT * FROM invitations WHERE"+amongInvitations+" AND id = ?", append(among(scope), id)...).Scan(ctx, &rows)
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
		return t.audit(ctx, "invitation.revoke", row.object(), row.detail())
	})
}

// endInvitations ends those that wait, when who made them or their dataset goes.
func (t *tx) endInvitations(ctx context.Context, column, id string) error {
	_, err := t.exec(ctx, "UPDATE invitations SET revoked_at = ? WHERE ? = ? AND accepted_at = 0 AND revoked_at = 0", t.now, bun.Ident(column), id)
	return err
}

// FindInvitation reads the invitation of a token, also one that cannot be accepted any more, which the error tells. May
// judges by facts about who invited whether he still could. Errors: NotFound, Conflict (accepted), Gone.
func (s *Store) FindInvitation(ctx context.Context, hash string, may func(by sb.Facts, v sb.Invitation) error) (v sb.Invitation, err error) {
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) error {
		now, err := s.nowIn(ctx, q)
		if err != nil {
			return err
		}
		v, err = openInvitation(ctx, q, now, hash, may)
		return err
	})
	return v, err
}

// openInvitation reads an invitation, and says with an error why it cannot be accepted any more.
func openInvitation(ctx context.Context, q bun.IDB, now int64, hash string, may func(by sb.Facts, v sb.Invitation) error) (sb.Invitation, error) {
	var rows []invitationRow
	err := q.NewRaw("SELECT * FROM invitations WHERE hash = ?", hash).Scan(ctx, &rows)
	row, err := one(rows, err, "this", "invitation")
	if err != nil {
		return sb.Invitation{}, err
	}
	v := row.invitation(now)
	if err := stillOpen(v.State); err != nil {
		return v, err
	}
	by, err := inviter(ctx, q, v)
	if err == nil && may(by, v) != nil {
		err = sb.Errorf(sb.Gone, "this invitation is no longer good; ask for another one")
	}
	return v, err
}

func stillOpen(s sb.InvitationState) error {
	switch s {
	case sb.InvitationAccepted:
		return sb.Errorf(sb.Conflict, "this invitation was accepted already")
	case sb.InvitationRevoked:
		return sb.Errorf(sb.Gone, "this invitation was taken back; ask for another one")
	case sb.InvitationExpired:
		return sb.Errorf(sb.Gone, "this invitation has expired; ask for another one")
	case sb.InvitationOpen:
	}
	return nil
}

// AcceptInvitation gives a user what he was invited to: he keeps his role. May judges by facts about who invited
// whether he still could. Errors: NotFound, Forbidden (it is for another address), Conflict (accepted), Gone.
func (s *Store) AcceptInvitation(ctx context.Context, hash, principalID string, may func(by sb.Facts, v sb.Invitation) error) (v sb.Invitation, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.lockPrincipal(ctx, principalID)
		if err != nil {
			return err
		}
		if v, err = openInvitation(ctx, t, t.now, hash, may); err != nil {
			return err
		}
		if row.Email == "" || row.Email != v.Email {
			return sb.Errorf(sb.Forbidden, "this invitation is for another address than the one that your login vouches for")
		}
		if err := t.accept(ctx, v, row.principal()); err != nil {
			return err
		}
		at := timeAt(t.now)
		v.State, v.AcceptedAt, v.AcceptedBy = sb.InvitationAccepted, &at, principalID
		return nil
	})
	return v, err
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
