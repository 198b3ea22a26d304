import { useDeed } from '@/components/deed.ts';
import type { Role } from '@/services/me.ts';
import { changeRole, type Invitation, removeUser, revokeInvitation, type User } from '@/services/people.ts';

/** What admins do with people. */
export function usePeopleDeeds() {
  return {
    change: useDeed({
      act: ({ user, role }: { user: User; role: Role }) => changeRole(user.id, role),
      refresh: [['users'], ['me']],
      done: (_, { user, role }) => `${user.name} is ${role} now.`,
      failed: ({ user }) => `The role of ${user.name} was not changed`,
    }),
    remove: useDeed({
      act: (user: User) => removeUser(user.id),
      refresh: [['users'], ['groups']],
      done: (_, user) => `${user.name} is removed.`,
      failed: (user) => `${user.name} was not removed`,
    }),
    revoke: useDeed({
      act: (invitation: Invitation) => revokeInvitation(invitation.id),
      refresh: [['invitations']],
      done: (_, invitation) => `The invitation of ${invitation.email} is taken back.`,
      failed: (invitation) => `The invitation of ${invitation.email} was not taken back`,
    }),
  };
}
