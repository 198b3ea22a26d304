import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Agent } from '@/components/Agent.tsx';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useDeed } from '@/components/deed.ts';
import { Section } from '@/components/Section.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import type { User } from '@/services/people.ts';
import { allSessionsQuery, endSessionsOf, type UserSession } from '@/services/sessions.ts';

/** Where somebody is logged in. */
export function UserSessions({ user }: { user: User }) {
  const { data, error } = useQuery(allSessionsQuery({ search: user.email || user.name }));
  const sessions = data?.items.filter((s) => s.user.id === user.id);
  return (
    <Section
      title="Sessions"
      lead="Where he is logged in."
      actions={<LogOut user={user} count={sessions?.length ?? 0} />}
    >
      {error && <Trouble error={error} what="His sessions could not be read" />}
      {sessions && <DataTable label="Sessions" rows={sessions} columns={columns} empty="He is logged in nowhere." />}
    </Section>
  );
}

const columns: Columns<UserSession> = [
  { header: 'Browser', id: 'agent', cell: ({ row }) => <Agent of={row.original.agent} /> },
  { header: 'Address', id: 'address', cell: ({ row }) => row.original.address },
  { header: 'Last seen', id: 'seen', cell: ({ row }) => <Ago at={row.original.seen_at} /> },
];

function LogOut({ user, count }: { user: User; count: number }) {
  const end = useDeed({
    act: () => endSessionsOf(user.id),
    refresh: [['sessions'], ['me']],
    done: () => `${user.name} is logged out.`,
    failed: `${user.name} was not logged out`,
  });
  const ask = () =>
    confirm({
      title: `Log “${user.name}” out everywhere?`,
      effect: 'All sessions end at once, other than the one that you use just now. API keys stay.',
      verb: 'Log out',
      act: () => end.mutate(undefined),
    });
  return (
    <Button variant="default" disabled={count === 0} onClick={ask}>
      Log out everywhere…
    </Button>
  );
}
