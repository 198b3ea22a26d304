import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { RoleChoice } from '@/components/team/RoleChoice.tsx';
import { type Account, effectOfAccountRole } from '@/services/accounts.ts';

/** The role of a service account, for changing. */
export function AccountRole({ account }: { account: Account }) {
  const { accountRole } = usePeopleDeeds();
  return (
    <RoleChoice
      of={account}
      locked={null}
      busy={accountRole.isPending}
      ask={(to) => effectOfAccountRole(account.id, to)}
      act={(to) => accountRole.mutate({ account, role: to })}
    />
  );
}
