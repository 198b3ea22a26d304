package forms

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	sb "signalbox"
)

// anyPlugin is what a note of any plugin rings as: all workers may have something to meet then.
var anyPlugin = sb.Note{Topic: sb.TopicPlugin}

// meeting asks what a worker makes of a plugin that none of its pool has met; nil when there is no such plugin. An admin
// so reads at once what will not run, and why, and not with the first run. The plugin gets what its operators get of secrets, and
// no address of a source.
func (s *Forms) meeting(ctx context.Context, orchestratorID, pool, worker string) (*sb.FormQuestion, error) {
	plugins, err := s.store.Unmet(ctx, orchestratorID, pool, worker)
	if err != nil || len(plugins) == 0 {
		return nil, err
	}
	all, err := s.store.Orchestrators(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range rand.Perm(len(plugins)) { // one of which no worker can tell keeps none from being met
		p := plugins[n]
		if !runsThere(all, orchestratorID, pool, p.Revision.Manifest) {
			continue
		}
		id, err := s.store.AskMeeting(ctx, orchestratorID, pool, p.Revision.ID)
		if sb.CodeOf(err) == sb.Conflict { // another worker was faster
			continue
		}
		if err != nil {
			return nil, err
		}
		secrets, err := s.secrets(ctx, p.Revision)
		return &sb.FormQuestion{
			ID: id, Tell: true, WithinSeconds: sb.MeetMost.Seconds(), Secrets: secrets, Plugin: claimOf(p.Name, p.Revision),
		}, err
	}
	return nil, nil //nolint:nilnil // there is none
}

// runsThere tells whether an operator of a manifest that needs FiftyOne runs in a pool.
func runsThere(all []sb.Orchestrator, orchestratorID, pool string, m sb.Manifest) bool {
	return slices.ContainsFunc(m.Operators, func(name string) bool {
		_, command := m.Commands[name]
		o, route, ok := poolFor(all, m.Name+"/"+name)
		return !command && ok && o.ID == orchestratorID && route.Target.Pool == pool
	})
}

// met keeps what a worker's environment makes of the revision that it was asked about.
func (s *Forms) met(ctx context.Context, orchestratorID, pool, worker string, a sb.FormAnswer) error {
	q, err := s.store.OpenQuestion(ctx, orchestratorID, a.ID)
	if err != nil {
		return err
	}
	if !q.Meets() || q.Pool != pool || worker == "" {
		return sb.Errorf(sb.NotFound, "nobody asked worker %q of pool %s with question %s what it makes of a plugin", worker, pool, a.ID)
	}
	revision, err := s.store.Revision(ctx, q.RevisionID)
	if err != nil {
		return err
	}
	secrets, err := s.secrets(ctx, revision)
	if err != nil {
		return err
	}
	offer := a.Environment.Bounded(sb.NewMask(slices.Collect(maps.Values(secrets))...).Text)
	err = s.store.KeepEnvironment(ctx, sb.Environment{
		RevisionID: revision.ID, Orchestrator: sb.Who{ID: orchestratorID}, Worker: worker, Offer: offer, Lacks: offer.Lacks(revision.Manifest),
	})
	if err == nil {
		s.drop(ctx, a.ID)
	}
	return err
}
