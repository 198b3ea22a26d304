import { useDeed } from '@/components/deed.ts';
import { type Account, changeAccount, removeAccount } from '@/services/accounts.ts';
import { addMember, type Group, removeGroup, removeMember } from '@/services/groups.ts';
import { type Role, roleWord } from '@/services/me.ts';
import { type Invitation, revokeInvitation } from '@/services/invitations.ts';
import { changeRole, removeUser, type User } from '@/services/people.ts';

// Roles and memberships decide who sees which dataset, and what one may do oneself.
const people = [['users'], ['accounts'], ['groups'], ['datasets'], ['me']];

/** Somebody, or a group, by name. */
export interface Named {
  id: string;
  name: string;
}

/** What admins do with users and service accounts. */
export function usePeopleDeeds() {
  return {
    role: useDeed({
      act: ({ user, role }: { user: User; role: Role }) => changeRole(user.id, role),
      refresh: people,
      done: (_, { user, role }) => `${user.name} is ${roleWord(role).toLowerCase()} now.`,
      failed: ({ user }) => `The role of ${user.name} was not changed`,
    }),
    remove: useDeed({
      act: (user: User) => removeUser(user.id),
      refresh: people,
      done: (_, user) => `${user.name} is removed.`,
      failed: (user) => `${user.name} was not removed`,
    }),
    accountRole: useDeed({
      act: ({ account, role }: { account: Account; role: Role }) => changeAccount(account.id, { role }),
      refresh: people,
      done: (_, { account, role }) => `${account.name} is ${roleWord(role).toLowerCase()} now.`,
      failed: ({ account }) => `The role of ${account.name} was not changed`,
    }),
    removeAccount: useDeed({
      act: (account: Account) => removeAccount(account.id),
      refresh: people,
      done: (_, account) => `${account.name} is deleted, and its keys are.`,
      failed: (account) => `${account.name} was not deleted`,
    }),
  };
}

/** What admins do with groups and who is in them. */
export function useGroupDeeds() {
  return {
    remove: useDeed({
      act: (group: Group) => removeGroup(group.id),
      refresh: people,
      done: (_, group) => `The group ${group.name} is deleted.`,
      failed: (group) => `The group ${group.name} was not deleted`,
    }),
    add: useDeed({
      act: ({ group, who }: { group: Named; who: Named }) => addMember(group.id, who.id),
      refresh: people,
      done: (_, { group, who }) => `${who.name} is in ${group.name} now.`,
      failed: ({ group, who }) => `${who.name} was not put into ${group.name}`,
    }),
    take: useDeed({
      act: ({ group, who }: { group: Named; who: Named }) => removeMember(group.id, who.id),
      refresh: people,
      done: (_, { group, who }) => `${who.name} is not in ${group.name} any more.`,
      failed: ({ group, who }) => `${who.name} was not taken out of ${group.name}`,
    }),
  };
}

/** What admins do with invitations. */
export function useInvitationDeeds() {
  return {
    revoke: useDeed({
      act: (invitation: Invitation) => revokeInvitation(invitation.id),
      refresh: [['invitations']],
      done: (_, { email }) => `The invitation of ${email} is taken back.`,
      failed: ({ email }) => `The invitation of ${email} was not taken back`,
    }),
  };
}
