package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var demandTests = map[string]func(*testing.T, Fresh){
	"who was demoted administers nothing any more":     demoted,
	"who is being demoted waits, and is told the same": demotedMeanwhile,
}

func administers(f sb.Facts) error { return access.Check(f, sb.ActAdminister) }

func demoted(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	bob := w.principal(t, "Bob", sb.Admin)
	red := w.group(t, "Red", w.ann)
	ctx := sb.WithDemand(w.acting(t, bob), administers)
	require.NoError(t, w.AddMember(ctx, red.ID, bob.ID))
	w.role(t, bob, sb.Member)
	name, no := "blue", false
	for what, do := range map[string]func() error{
		"a group":  func() error { _, err := w.CreateGroup(ctx, name, ""); return err },
		"its name": func() error { _, err := w.UpdateGroup(ctx, red.ID, &name, nil); return err },
		"its end":  func() error { return w.DeleteGroup(ctx, red.ID) },
		"a member": func() error { return w.AddMember(ctx, red.ID, w.admin.ID) },
		"one less": func() error { return w.RemoveMember(ctx, red.ID, w.ann.ID) },
		"a user":   func() error { return w.DeletePrincipal(ctx, w.ann.ID) },
		"an account": func() error {
			_, err := w.CreatePrincipal(ctx, sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Admin})
			return err
		},
		"a key": func() error {
			_, err := w.CreateKey(ctx, sb.Key{Owner: w.admin.ID, Name: "k"}, []byte("h"))
			return err
		},
		"a secret": func() error { _, err := w.CreateSecret(ctx, "KEY", "", []byte("x")); return err },
		"an operator": func() error {
			_, err := w.SetOperator(ctx, w.plugin.ID, "hello", sb.OperatorPatch{Enabled: &no})
			return err
		},
		"a plugin": func() error { return w.Uninstall(ctx, w.plugin.ID, bob.Who(), "") },
		"the settings": func() error {
			_, err := w.UpdateSettings(ctx, func(v sb.Settings) (sb.Settings, error) { return v, nil })
			return err
		},
		"a role": func() error {
			_, err := w.UpdatePrincipal(ctx, bob.ID, func(p sb.Principal) (sb.Principal, error) { p.Role = sb.Admin; return p, nil })
			return err
		},
		"a preview": func() error {
			_, err := w.Preview(ctx, sb.Scope{PrincipalID: w.ann.ID}, judge{}, func(ctx context.Context) error { return w.DeletePrincipal(ctx, w.ann.ID) })
			return err
		},
		"an invitation": func() error { return w.RevokeInvitation(ctx, "none", sb.InvitationScope{}) },
	} {
		requireCode(t, sb.Forbidden, do())
		_ = what
	}
	require.NoError(t, w.KeepRefusals(ctx, []sb.Refusal{{Origin: sb.OriginOf(ctx), Action: "group.create", Object: sb.Object{Kind: "group"}, Count: 1}}), "his refusals are kept")
	require.NoError(t, w.DeletePrincipal(t.Context(), bob.ID))
	requireCode(t, sb.Forbidden, w.AddMember(ctx, red.ID, w.admin.ID))
}

// role gives somebody a role.
func (w *world) role(t require.TestingT, p sb.Principal, role sb.Role) {
	_, err := w.UpdatePrincipal(ctx(t), p.ID, func(p sb.Principal) (sb.Principal, error) {
		p.Role = role
		return p, nil
	})
	require.NoError(t, err)
}

// demotedMeanwhile has one admin make a group while another demotes him, and his request waits.
func demotedMeanwhile(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	bob := w.principal(t, "Bob", sb.Admin)
	did := make(chan error, 1)
	_, err := w.UpdatePrincipal(t.Context(), bob.ID, func(p sb.Principal) (sb.Principal, error) {
		go func() {
			_, err := w.CreateGroup(sb.WithDemand(w.acting(t, bob), administers), "blue", "")
			did <- err
		}()
		if shared(w.options) {
			require.Eventually(t, func() bool {
				return w.number(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
			}, time.Minute, time.Millisecond)
		}
		p.Role = sb.Member
		return p, nil
	})
	require.NoError(t, err)
	requireCode(t, sb.Forbidden, <-did)
}
