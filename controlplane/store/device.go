package store

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// deviceRow is a row of devices.
type deviceRow struct {
	bun.BaseModel `bun:"table:devices"`
	Hash          string
	UserCode      string
	Address       string
	Agent         string
	PrincipalID   string
	ExpiresAt     int64
}

func (row deviceRow) device() sb.Device {
	return sb.Device{
		UserCode: row.UserCode, Address: row.Address, Agent: row.Agent, PrincipalID: row.PrincipalID, ExpiresAt: timeAt(row.ExpiresAt),
	}
}

// CreateDevice keeps a program's request to be logged in. Conflict when the user code is taken.
func (s *Store) CreateDevice(ctx context.Context, d sb.Device, hash []byte, lasts time.Duration) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		return insert(ctx, t, &deviceRow{
			Hash: hex.EncodeToString(hash), UserCode: d.UserCode, Address: d.Address, Agent: d.Agent, ExpiresAt: t.now + lasts.Microseconds(),
		})
	})
}

// Device reads a request that nobody has answered yet, by the code that its person types.
func (s *Store) Device(ctx context.Context, userCode string) (sb.Device, error) {
	var rows []deviceRow
	err := s.read.NewRaw("SELECT * FROM devices WHERE user_code = ? AND principal_id = '' AND expires_at > ?", userCode, s.nowSQL()).Scan(ctx, &rows)
	row, err := one(rows, err, "code", userCode)
	return row.device(), tidy(err)
}

// AnswerDevice lets a program in as a user, or with "" refuses it: then the request is gone.
func (s *Store) AnswerDevice(ctx context.Context, userCode, principalID string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		query, args := "UPDATE devices SET principal_id = ? WHERE user_code = ? AND principal_id = '' AND expires_at > ?", []any{principalID, userCode, t.now}
		act := "device.approve"
		if principalID == "" {
			query, args, act = "DELETE FROM devices WHERE user_code = ? AND principal_id = ''", []any{userCode}, "device.refuse"
		}
		n, err := t.exec(ctx, query, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return sb.Errorf(sb.NotFound, "there is no request with this code, or it has expired")
		}
		return t.audit(ctx, act, sb.Object{Kind: "device", Name: userCode}, nil)
	})
}

// TakeDevice reads the request of a device code; an approved one is given once. NotFound when there is none, or it was
// refused or has expired.
func (s *Store) TakeDevice(ctx context.Context, hash []byte) (sb.Device, error) {
	var rows []deviceRow
	err := s.read.NewRaw("SELECT * FROM devices WHERE hash = ? AND expires_at > ?", hex.EncodeToString(hash), s.nowSQL()).Scan(ctx, &rows)
	row, err := one(rows, err, "this", "request")
	if err != nil || row.PrincipalID == "" {
		return row.device(), tidy(err)
	}
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "DELETE FROM devices WHERE hash = ?", row.Hash)
		if err == nil && n == 0 {
			return sb.Errorf(sb.NotFound, "this request was answered already")
		}
		return err
	})
	return row.device(), err
}
