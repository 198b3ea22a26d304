import { Grave } from '@/components/Grave.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
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
    foretell({
      title: `Delete the service account “${account.name}”?`,
      note: 'Its keys end at once: programs that use them are refused. Its runs stay, with its name; those that wait are rejected.',
      verb: 'Delete account',
      grave: true,
      about: ['account', account.id],
      ask: () => effectOfRemovingAccount(account.id),
      show: Foretold,
      act: () => removeAccount.mutate(account, { onSuccess: () => then?.() }),
    });
  return (
    <Grave label={`Delete ${account.name}`} onClick={ask}>
      Delete…
    </Grave>
  );
}
