import { Button, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { confirm } from '@/components/confirm.tsx';
import { usePeopleDeeds } from '@/components/team/deeds.ts';
import { effectWords } from '@/components/team/effect.ts';
import { Trouble } from '@/components/Trouble.tsx';
import { useMe } from '@/services/me.ts';
import { removalOfUserQuery, type User } from '@/services/people.ts';

/** Removes somebody, after it has told what that ends. */
export function RemoveUser({ user }: { user: User }) {
  const me = useMe();
  const { remove } = usePeopleDeeds();
  const ask = () =>
    confirm({
      title: `Remove “${user.name}”?`,
      effect: <Removal user={user} />,
      verb: 'Remove',
      act: () => remove.mutate(user),
    });
  const self = user.id === me.id;
  return (
    <Tooltip label="Another admin has to remove you" disabled={!self}>
      <span>
        <Button
          size="compact-sm"
          variant="subtle"
          color="red"
          aria-label={`Remove ${user.name}`}
          disabled={self}
          onClick={ask}
        >
          Remove
        </Button>
      </span>
    </Tooltip>
  );
}

function Removal({ user }: { user: User }) {
  const { data, error } = useQuery(removalOfUserQuery(user.id));
  if (error) return <Trouble error={error} what="What it affects is not known" />;
  return (
    <>His API keys, sessions, grants and memberships end at once; his runs stay. {data ? effectWords(data) : '…'}</>
  );
}
