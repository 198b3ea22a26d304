import { Grave } from '@/components/Grave.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { WhyNot } from '@/components/WhyNot.tsx';
import { useMe } from '@/services/me.ts';
import { effectOfRemoval, type User } from '@/services/people.ts';

interface Props {
  user: User;
  then?: () => void; // goes elsewhere, where his page would be
}

/** Removes somebody, after it has told what that ends. */
export function RemoveUser({ user, then }: Props) {
  const me = useMe();
  const { remove } = usePeopleDeeds();
  const self = user.id === me.id;
  const ask = () =>
    foretell({
      title: `Remove “${user.name}”?`,
      note: 'His API keys, sessions, grants and memberships end at once. His runs stay, with his name; those that wait are rejected.',
      verb: 'Remove',
      grave: true,
      about: ['removal', user.id],
      ask: () => effectOfRemoval(user.id),
      show: Foretold,
      act: () => remove.mutate(user, { onSuccess: () => then?.() }),
    });
  return (
    <WhyNot reason={self ? 'Another admin has to remove you' : undefined}>
      <Grave label={`Remove ${user.name}`} disabled={self} onClick={ask}>
        Remove…
      </Grave>
    </WhyNot>
  );
}
