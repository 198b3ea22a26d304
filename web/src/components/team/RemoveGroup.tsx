import { Button } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';
import { Foretold } from '@/components/Foretold.tsx';
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
    confirm({
      title: `Delete the group “${group.name}”?`,
      effect: (
        <>
          {membersStay(group.member_count)} What was shared with the group is withdrawn at once.
          <Foretold of={['group', group.id]} ask={() => effectOfRemovingGroup(group.id)} />
        </>
      ),
      verb: 'Delete group',
      act: () => remove.mutate(group, { onSuccess: () => then?.() }),
    });
  return (
    <Button size="compact-sm" variant="subtle" color="red" aria-label={`Delete the group ${group.name}`} onClick={ask}>
      Delete…
    </Button>
  );
}

function membersStay(n: number): string {
  if (n === 0) return 'Nobody is in it.';
  return n === 1 ? 'Its member stays.' : `Its ${n} members stay.`;
}
