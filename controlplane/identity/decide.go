package identity

import (
	"strings"
	"unicode"

	sb "signalbox"
)

// Decide says what a login leads to:
//
//   - The identity, provider and subject, is what counts. A new one joins the user with its address only if that
//     address is verified, and otherwise makes a user, if settings or an invitation to that very address allow it.
//   - An address that is not verified is not kept as the user's: nobody could later be joined to him by it.
//   - A role by mapping wins and locks; one that maps to nothing takes what an earlier mapping gave back to the default
//     at most. The last admin stays one.
//
// Errors: Forbidden, with the same words whoever asks, besides who holds an invitation.
func Decide(l sb.Login, f sb.LoginFacts) (sb.LoginPlan, error) {
	plan := sb.LoginPlan{}
	if l.Maps.Groups {
		plan.Groups = append([]string{}, l.Groups...)
	}
	switch invited := f.Invitation != nil && l.Verified && l.Email != "" && f.Invitation.Email == l.Email; {
	case f.Known != nil:
		plan.Principal, plan.Accept = *f.Known, invited
	case f.SameEmail != nil:
		plan.Principal, plan.Accept = *f.SameEmail, invited
	case invited:
		plan.Principal, plan.Accept = newUser(l, f.Invitation.Role), true
	case f.Settings.JustInTimeUsers:
		plan.Principal = newUser(l, f.Settings.DefaultUserRole)
	case f.Invitation != nil:
		return plan, sb.Errorf(sb.Forbidden, "your invitation is for another address than the one that your login provider vouches for")
	default:
		return plan, sb.Errorf(sb.Forbidden, "there is no user for this login here; if you were invited, begin with the link of your invitation, else ask an admin for one")
	}
	plan.Principal = mapped(plan.Principal, l, f)
	return plan, nil
}

// mapped applies the mapping of roles.
func mapped(p sb.Principal, l sb.Login, f sb.LoginFacts) sb.Principal {
	role := p.Role
	switch {
	case l.Maps.Role && l.Role.Valid():
		role, p.LockedBy = l.Role, l.Provider
	case l.Maps.Role && p.LockedBy == l.Provider && role.AtLeast(f.Settings.DefaultUserRole):
		role = f.Settings.DefaultUserRole
	case !l.Maps.Role && p.LockedBy == l.Provider:
		p.LockedBy = "" // it maps no roles any more
	}
	if p.ID == "" || p.Role != sb.Admin || role == sb.Admin || f.Admins > 1 {
		p.Role = role
	}
	return p
}

func newUser(l sb.Login, role sb.Role) sb.Principal {
	p := sb.Principal{Kind: sb.User, Name: nameOf(l), Role: role}
	if l.Verified {
		p.Email = l.Email
	}
	return p
}

// nameOf is a name to show, whatever the provider says; never one that could be taken for another's address.
func nameOf(l sb.Login) string {
	local, _, _ := strings.Cut(l.Email, "@")
	for _, name := range []string{l.Name, local} {
		name = strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(name, "")))
		if runes := []rune(name); len(runes) > maxName {
			name = strings.TrimSpace(string(runes[:maxName]))
		}
		if name != "" && sb.CheckName(name) == "" {
			return name
		}
	}
	return "user"
}

// maxName is the most characters of a name that a provider gives.
const maxName = 100

func printable(r rune) rune {
	if r == '@' {
		return ' '
	}
	if unicode.IsControl(r) || sb.TurnsText(r) {
		return -1
	}
	return r
}
