package audit

import (
	"context"
	"time"

	sb "signalbox"
)

// Store keeps the entries of the audit log. Every method is one transaction. Errors: Unavailable.
type Store interface {
	// SealAudit gives the next unsealed entries, at most limit, their places in the chain and the MACs that seal makes of
	// the link before and the entry with its place. It tells the newest link, and how many entries it sealed: none while
	// another process does. What still counts refusals of the running minute is left.
	SealAudit(ctx context.Context, limit int, seal func(sb.AuditHead, sb.AuditEntry) (string, error)) (sb.AuditHead, int, error)
	// AuditHead reads the newest link of the chain; zero for none.
	AuditHead(ctx context.Context) (sb.AuditHead, error)
	// AuditChain reads sealed entries behind a place in the chain, in its order.
	AuditChain(ctx context.Context, after int64, limit int) ([]sb.AuditEntry, error)
	// Unsealed tells since when entries wait to be sealed; zero when none does.
	Unsealed(ctx context.Context) (time.Time, error)
	// Now is the time that decides.
	Now(ctx context.Context) (time.Time, error)
}

// RefusalStore keeps refusals in the audit log. Errors: Unavailable.
type RefusalStore interface {
	// KeepRefusals counts refusals, no two of one actor and action, in one transaction: equal ones of one minute are one
	// entry, whoever tells of them, or two once the first is sealed.
	KeepRefusals(ctx context.Context, list []sb.Refusal) error
}

// Signer makes and checks the MACs of the chain. VerifyMAC also takes what older keys made.
type Signer interface {
	MAC(data []byte) ([]byte, error)
	VerifyMAC(tag, data []byte) error
}

// Meter shows the newest link of the chain to who watches the process.
type Meter interface {
	AuditHead(head sb.AuditHead)
}
