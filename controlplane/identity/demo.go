package identity

import (
	"context"
	"slices"

	sb "signalbox"
)

// EnterDemo logs in as the demonstration user of a role. Errors: NotFound where there are none.
func (l *Logins) EnterDemo(ctx context.Context, role sb.Role, returnTo, agent string) (sb.Welcome, error) {
	login, err := l.demoLogin(role)
	if err != nil {
		return sb.Welcome{}, err
	}
	return l.enter(ctx, login, sb.Pending{ReturnTo: returnTo}, agent)
}

// SwitchDemo does what the settings say: with the demonstration on it makes its users where they are missing, and brings
// back those of before; with it off nobody of them gets in any more, neither by a session nor by a key.
func (l *Logins) SwitchDemo(ctx context.Context) error {
	if !l.set.Demo {
		return l.store.SuspendUsers(ctx, sb.DemoProvider)
	}
	if err := l.store.ReviveUsers(ctx, sb.DemoProvider); err != nil {
		return err
	}
	for _, d := range sb.DemoUsers {
		login, err := l.demoLogin(d.Role)
		if err != nil {
			return err
		}
		if _, err := l.store.LogIn(ctx, login, "", demoPlan(login)); err != nil {
			return err
		}
	}
	return nil
}

func demoPlan(login sb.Login) func(sb.LoginFacts) (sb.LoginPlan, error) {
	return func(f sb.LoginFacts) (sb.LoginPlan, error) {
		f.Settings.JustInTimeUsers = true
		return Decide(login, f)
	}
}

func (l *Logins) demoLogin(role sb.Role) (sb.Login, error) {
	i := slices.IndexFunc(sb.DemoUsers, func(d sb.DemoRole) bool { return d.Role == role })
	if i < 0 || !l.set.Demo {
		return sb.Login{}, sb.Errorf(sb.NotFound, "there is no demonstration user here")
	}
	return sb.Login{Provider: sb.DemoProvider, Subject: string(role), Name: sb.DemoUsers[i].Name, Role: role, Maps: sb.Maps{Role: true}}, nil
}
