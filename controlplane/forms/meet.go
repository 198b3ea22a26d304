package forms

import (
	"context"

	sb "signalbox"
)

// anyPlugin is what a note of any plugin rings as: all environments may have something to meet then.
var anyPlugin = sb.Note{Topic: sb.TopicPlugin}

// meeting asks what an environment of the pool makes of a plugin that none of the orchestrator has met; nil when there is no
// such plugin. An admin so reads at once what will not run, and why, and not with the first run. Nobody's secrets go with it.
func (s *Forms) meeting(ctx context.Context, orchestratorID, pool string) (*sb.FormQuestion, error) {
	plugins, err := s.store.Unmet(ctx, orchestratorID)
	if err != nil || len(plugins) == 0 {
		return nil, err
	}
	all, err := s.store.Orchestrators(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range plugins {
		if !meets(all, orchestratorID, pool, p) {
			continue
		}
		id, err := s.store.AskMeeting(ctx, orchestratorID, pool, p.Revision.ID)
		if sb.CodeOf(err) == sb.Conflict { // another worker was faster
			continue
		}
		return &sb.FormQuestion{
			ID: id, Tell: true, WithinSeconds: sb.FormKept.Seconds(), Secrets: map[string]string{}, Plugin: claimOf(p.Name, p.Revision),
		}, err
	}
	return nil, nil //nolint:nilnil // there is none
}

// meets tells whether a pool is where an operator of the plugin runs that needs FiftyOne.
func meets(all []sb.Orchestrator, orchestratorID, pool string, p sb.Plugin) bool {
	for _, operator := range p.Operators {
		if operator.Command != nil {
			continue
		}
		if o, route, ok := poolFor(all, operator.URI()); ok && o.ID == orchestratorID && route.Target.Pool == pool {
			return true
		}
	}
	return false
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
	offer := a.Environment.Bounded(func(text string) string { return text }) // it was given no secrets
	err = s.store.KeepEnvironment(ctx, sb.Environment{
		RevisionID: revision.ID, Orchestrator: sb.Who{ID: orchestratorID}, Worker: worker, Offer: offer, Lacks: offer.Lacks(revision.Manifest),
	})
	if err == nil {
		s.drop(ctx, a.ID)
	}
	return err
}

// claimOf is a revision as those who fetch it know it.
func claimOf(plugin string, r sb.Revision) sb.ClaimPlugin {
	return sb.ClaimPlugin{Name: plugin, Revision: r.Number, SHA256: r.SHA256, Root: r.Root}
}
