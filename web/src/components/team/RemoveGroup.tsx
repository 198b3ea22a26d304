import { Grave } from '@/components/Grave.tsx';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { useGroupDeeds } from '@/components/team/deeds.ts';
import { effectOfRemovingGroup, type Group } from '@/services/groups.ts';

interface Props {
  group: Group;
  then?: () => void; // goes elsewhere, where its page would be
}

/** Deletes a group, after it has told what its members lose. */
export function RemoveGroup({ group, then }: Props) {
  const { remove } = useGroupDeeds();
  const ask = () =>
    foretell({
      title: `Delete the group “${group.name}”?`,
      note: `${membersStay(group.member_count)} What was shared with the group is withdrawn at once.`,
      verb: 'Delete group',
      grave: true,
      about: ['group', group.id],
      ask: () => effectOfRemovingGroup(group.id),
      show: Foretold,
      act: () => remove.mutate(group, { onSuccess: () => then?.() }),
    });
  return (
    <Grave label={`Delete the group ${group.name}`} onClick={ask}>
      Delete…
    </Grave>
  );
}

function membersStay(n: number): string {
  if (n === 0) return 'Nobody is in it.';
  return n === 1 ? 'Its member stays.' : `Its ${n} members stay.`;
}
