package store

import (
	"context"
	"reflect"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// auditRow is a row of audit. Minute is that of a refusal, 0 otherwise: equal refusals of a minute are one row.
type auditRow struct {
	bun.BaseModel `bun:"table:audit"`
	ID            string
	At            int64
	ActorID       string
	ActorName     string
	ActorKind     string
	Address       string
	Request       string
	Via           string
	Action        string
	ObjectKind    string
	ObjectID      string
	ObjectName    string
	Outcome       string
	Count         int64
	Minute        int64
	Detail        string
	Chain         int64
	MAC           string `bun:"mac"`
}

// audit writes in the transaction of a change who makes it. Detail is what changed, as the API names it; nil for
// nothing, and never a secret, a key or the params of a run. What nobody does, such as a sweep, is no matter of audit.
func (t *tx) audit(ctx context.Context, action string, object sb.Object, detail any) error {
	row, err := t.auditRow(sb.OriginOf(ctx), action, object)
	if err != nil {
		return err
	}
	if row.Detail, err = detailText(detail); err != nil {
		return err
	}
	return insert(ctx, t, &row)
}

func (t *tx) auditRow(o sb.Origin, action string, object sb.Object) (auditRow, error) {
	if action == "" || object.Kind == "" {
		return auditRow{}, sb.Errorf(sb.Internal, "an act without a name, or about nothing, cannot be audited")
	}
	return auditRow{
		ID: newID(), At: t.now, ActorID: o.Actor.ID, ActorName: o.Actor.Name, ActorKind: string(o.Kind),
		Address: o.Address, Request: o.Request, Via: o.Via, Action: action,
		ObjectKind: object.Kind, ObjectID: cut(object.ID, 200), ObjectName: cut(object.Name, 600), Outcome: string(sb.AuditDone), Count: 1,
	}, nil
}

// cut bounds a text that someone chose freely, in bytes, at a whole letter.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

func detailText(detail any) (string, error) {
	if v := reflect.ValueOf(detail); detail == nil || v.Kind() == reflect.Map && v.Len() == 0 {
		return "", nil
	}
	return text(detail)
}

// edits are the fields that an act changed, under the names of the API.
type edits map[string]edit

// edit is a field before and after an act.
type edit struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// field notes a field if it changed.
func (e edits) field(name string, before, after any) edits {
	if !reflect.DeepEqual(before, after) {
		e[name] = edit{before, after}
	}
	return e
}
