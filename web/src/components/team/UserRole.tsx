import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { RoleChoice } from '@/components/team/RoleChoice.tsx';
import { effectOfRole, type User } from '@/services/people.ts';

/** The role of a user, for changing. */
export function UserRole({ user }: { user: User }) {
  const { role } = usePeopleDeeds();
  return (
    <RoleChoice
      of={user}
      locked={user.role_locked_by}
      busy={role.isPending}
      ask={(to) => effectOfRole(user.id, to)}
      act={(to) => role.mutate({ user, role: to })}
    />
  );
}
