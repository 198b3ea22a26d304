package audit

import (
	"context"
	"fmt"
	"strings"

	sb "signalbox"
)

const (
	pageOf     = 1000 // entries read at a time
	mostFaults = 20   // that are told; one cut may break many links
)

// Verify reads the whole chain, a thousand entries at a time, and tells where it is broken: an entry that is missing,
// that was changed or moved, or that is not what a head from elsewhere says. A zero head means the chain as it is, whose
// end may then be cut off. Errors: Unavailable.
func (s *Sealer) Verify(ctx context.Context, head sb.AuditHead) (sb.AuditCheck, error) {
	var check sb.AuditCheck
	sawHead := head.Chain == 0
	for {
		list, err := s.store.AuditChain(ctx, check.Head.Chain, pageOf)
		if err != nil {
			return check, err
		}
		for _, e := range list {
			found(&check, s.wrong(check.Head, e))
			if e.Chain == head.Chain {
				sawHead = true
				found(&check, notHead(head, e))
			}
			check.Head = sb.AuditHead{Chain: e.Chain, MAC: e.MAC}
			check.Entries++
		}
		if len(list) < pageOf {
			break
		}
	}
	if !sawHead {
		found(&check, lost(head, check.Head))
	}
	return check, nil
}

func found(check *sb.AuditCheck, fault string) {
	switch {
	case fault == "":
	case len(check.Faults) < mostFaults:
		check.Faults = append(check.Faults, fault)
	default:
		check.More = true
	}
}

// wrong tells what is wrong with an entry behind another; "" for nothing.
func (s *Sealer) wrong(before sb.AuditHead, e sb.AuditEntry) string {
	switch {
	case e.Chain == before.Chain+2:
		return fmt.Sprintf("entry %d is missing: it was removed", before.Chain+1)
	case e.Chain > before.Chain+2:
		return fmt.Sprintf("entries %d to %d are missing: they were removed", before.Chain+1, e.Chain-1)
	case !s.fits(before, e):
		return fmt.Sprintf("entry %d (%s, %s, %s) was changed or moved, or the MAC of the one before it was", e.Chain, e.ID, e.At.UTC().Format("2006-01-02T15:04:05Z"), e.Action)
	}
	return ""
}

func notHead(head sb.AuditHead, e sb.AuditEntry) string {
	if strings.EqualFold(head.MAC, e.MAC) {
		return ""
	}
	return fmt.Sprintf("entry %d (%s) is not the one that the head names: what was there was changed, or cut off and written anew", e.Chain, e.ID)
}

func lost(head, end sb.AuditHead) string {
	if end.Chain > head.Chain {
		return fmt.Sprintf("entry %d, which the head names, was removed", head.Chain)
	}
	return fmt.Sprintf("the end was cut off: the last entry is %d, the head names %d", end.Chain, head.Chain)
}
