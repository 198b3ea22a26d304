import { Button } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';
import { Foretold } from '@/components/Foretold.tsx';
import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { type Account, effectOfRemovingAccount } from '@/services/accounts.ts';

interface Props {
  account: Account;
  then?: () => void; // goes elsewhere, where its page would be
}

/** Deletes a service account, after it has told what that ends. */
export function RemoveAccount({ account, then }: Props) {
  const { removeAccount } = usePeopleDeeds();
  const ask = () =>
    confirm({
      title: `Delete the service account “${account.name}”?`,
      effect: (
        <>
          Its keys end at once: programs that use them are refused. Its runs stay, with its name; those that wait are
          rejected.
          <Foretold
            of={['account', account.id]}
            ask={() => effectOfRemovingAccount(account.id)}
            none="It has access to no dataset."
          />
        </>
      ),
      verb: 'Delete account',
      act: () => removeAccount.mutate(account, { onSuccess: () => then?.() }),
    });
  return (
    <Button size="compact-sm" variant="subtle" color="red" aria-label={`Delete ${account.name}`} onClick={ask}>
      Delete…
    </Button>
  );
}
