package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	sb "signalbox"
)

// late is how long an entry may wait for its seal before something is wrong.
const late = 30 * time.Second

// State tells the newest link, and whether entries are being sealed. Errors: Unavailable.
func (s *Sealer) State(ctx context.Context) (sb.Check, error) {
	head, err := s.store.AuditHead(ctx)
	if err != nil {
		return sb.Check{}, err
	}
	since, err := s.store.Unsealed(ctx)
	if err != nil {
		return sb.Check{}, err
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return sb.Check{}, err
	}
	c := sb.Check{Name: "audit log", OK: true, Detail: "nothing is sealed yet"}
	if head.Chain > 0 {
		c.Detail = "the head is " + head.String()
	}
	if waits := now.Sub(since); !since.IsZero() && waits > late {
		c.OK, c.Detail = false, fmt.Sprintf("an entry has waited for its seal for %s; %s", waits.Round(time.Second), c.Detail)
		c.Fix = "look for \"the audit log cannot be sealed\" in the server's log"
	}
	return c, nil
}

// Check verifies the whole chain and puts what it shows in words. Errors: Unavailable.
func (s *Sealer) Check(ctx context.Context, head sb.AuditHead) (sb.Check, error) {
	found, err := s.Verify(ctx, head)
	if err != nil {
		return sb.Check{}, err
	}
	c := sb.Check{Name: "audit log", OK: len(found.Faults) == 0}
	if c.OK {
		c.Detail = fmt.Sprintf("all %d entries are as they were written; the head is %s", found.Entries, found.Head)
		return c, nil
	}
	c.Detail = strings.Join(found.Faults, "; ")
	if found.More {
		c.Detail += "; and more"
	}
	c.Fix = "compare with a backup or an export of the audit log, and find out who can write to the database"
	return c, nil
}
