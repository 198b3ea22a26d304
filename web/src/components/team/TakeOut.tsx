import { foretell, Foretold } from '@/components/Effect.tsx';
import { Grave } from '@/components/Grave.tsx';
import { type Named, useGroupDeeds } from '@/components/team/deeds.ts';
import { WhyNot } from '@/components/WhyNot.tsx';
import { effectOfLeaving } from '@/services/groups.ts';

interface Props {
  group: Named;
  who: Named;
  locked?: string | null; // the login provider that put him there
}

/** Takes somebody out of a group, after it has told what he loses. */
export function TakeOut({ group, who, locked = null }: Props) {
  const { take } = useGroupDeeds();
  const ask = () =>
    foretell({
      title: `Take “${who.name}” out of “${group.name}”?`,
      verb: 'Take out',
      grave: true,
      about: ['leave', group.id, who.id],
      ask: () => effectOfLeaving(group.id, who.id),
      show: Foretold,
      act: () => take.mutate({ group, who }),
    });
  return (
    <WhyNot reason={locked === null ? undefined : `The login provider ${locked} put him there; take him out there`}>
      <Grave label={`Take ${who.name} out of ${group.name}`} disabled={locked !== null} onClick={ask}>
        Take out…
      </Grave>
    </WhyNot>
  );
}
