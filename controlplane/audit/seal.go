// Package audit seals the audit log, and finds what was done to it afterwards.
//
// Every entry is written in the transaction of what it tells; refusals, which change nothing, are gathered for a second.
// Within seconds the sealer gives an entry the next place in a chain and a MAC over the entry, its place and the MAC before
// it, with keys that are not in the database. Whoever can write to the database but has no keys can then neither change an
// entry, nor take one out, nor move one, without it being found. Cutting off the end is found by whoever kept a later head
// elsewhere: each is logged and shown as a metric.
package audit

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	sealEvery = 2 * time.Second // an entry waits no longer than 5 s; what counts refusals after a sealed one, until the minute is over
	headEvery = 10 * time.Minute
	batch     = 500 // entries in one transaction
	lastWords = 5 * time.Second
)

// Purpose is what the keys of the chain are derived for.
const Purpose = "audit chain"

// Sealer seals the audit log and verifies it. It is safe for use by several goroutines, and by several processes.
type Sealer struct {
	store Store
	sign  Signer
	meter Meter
	log   logrus.FieldLogger
}

// New makes a Sealer; Run starts it.
func New(store Store, sign Signer, meter Meter, log logrus.FieldLogger) *Sealer {
	return &Sealer{store: store, sign: sign, meter: meter, log: log}
}

// Run seals until ctx is done, and tells the head now, every ten minutes and at the end.
func (s *Sealer) Run(ctx context.Context) error {
	seal, tell := time.NewTicker(sealEvery), time.NewTicker(headEvery)
	defer seal.Stop()
	defer tell.Stop()
	known := s.tell(ctx, sb.AuditHead{})
	for {
		select {
		case <-ctx.Done():
			s.last(ctx, known)
			return nil
		case <-seal.C:
			s.sealAll(ctx)
		case <-tell.C:
			known = s.tell(ctx, known)
		}
	}
}

// last seals what is left, so that the head that is told at the end covers all that was done.
func (s *Sealer) last(ctx context.Context, known sb.AuditHead) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	s.sealAll(ctx)
	s.tell(ctx, known)
}

func (s *Sealer) sealAll(ctx context.Context) {
	if _, err := s.Seal(ctx); err != nil && ctx.Err() == nil {
		s.log.WithError(err).Warn("the audit log cannot be sealed now; it is tried again")
	}
}

// Seal seals all that is ready to be sealed, and tells how many entries that was.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	for total := 0; ; {
		_, n, err := s.store.SealAudit(ctx, batch, s.link)
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}

// tell writes the head to the log and the metrics, unless the one that was told before is no more in the chain.
func (s *Sealer) tell(ctx context.Context, known sb.AuditHead) sb.AuditHead {
	head, err := s.store.AuditHead(ctx)
	if err != nil {
		s.log.WithError(err).Warn("the head of the audit log cannot be read")
		return known
	}
	if known.Chain > 0 && !s.holds(ctx, known) {
		s.log.WithField("audit_chain", known.Chain).WithField("audit_mac", known.MAC).
			Error("the audit log was changed: an entry that this process has seen is gone; run `signalbox doctor audit --head` with this chain and mac")
		return known
	}
	s.meter.AuditHead(head)
	s.log.WithField("audit_chain", head.Chain).WithField("audit_mac", head.MAC).Info("head of the audit log")
	return head
}

// holds tells whether the chain still has a link; when it cannot be read, that is not known to be false.
func (s *Sealer) holds(ctx context.Context, h sb.AuditHead) bool {
	list, err := s.store.AuditChain(ctx, h.Chain-1, 1)
	return err != nil || len(list) == 1 && list[0].Chain == h.Chain && list[0].MAC == h.MAC
}

// link makes the MAC of an entry at its place behind another.
func (s *Sealer) link(before sb.AuditHead, e sb.AuditEntry) (string, error) {
	mac, err := s.sign.MAC(canonical(before, e))
	return hex.EncodeToString(mac), err
}

// fits tells whether an entry's MAC is ours for this entry at this place.
func (s *Sealer) fits(before sb.AuditHead, e sb.AuditEntry) bool {
	mac, err := hex.DecodeString(e.MAC)
	return err == nil && s.sign.VerifyMAC(mac, canonical(before, e)) == nil
}

// form is the version of what is signed. Another one must go on verifying the old.
const form = "signalbox audit 1"

// canonical is an entry as it is signed: each text with its length before it, so that no two entries read alike.
func canonical(before sb.AuditHead, e sb.AuditEntry) []byte {
	var b []byte
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) } //nolint:gosec // only to be told apart
	text := func(s string) {
		number(int64(len(s)))
		b = append(b, s...)
	}
	text(form)
	text(before.MAC)
	number(e.Chain)
	number(e.At.UnixMicro())
	number(e.Count)
	for _, s := range []string{
		e.ID, e.Origin.Actor.ID, e.Origin.Actor.Name, string(e.Origin.Kind), e.Origin.Address, e.Origin.Request, e.Origin.Via,
		e.Action, e.Object.Kind, e.Object.ID, e.Object.Name, string(e.Outcome), string(e.Detail),
	} {
		text(s)
	}
	return b
}
