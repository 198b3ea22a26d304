import { Badge, Button } from '@mantine/core';
import { Agent } from '@/components/Agent.tsx';
import { Ago } from '@/components/Ago.tsx';
import { Grave } from '@/components/Grave.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useProfileDeeds } from '@/components/profile/deeds.ts';
import { agentWords } from '@/services/agents.ts';
import type { Session } from '@/services/keys.ts';

/** Where I am logged in. */
export function SessionTable({ sessions }: { sessions: Session[] }) {
  return <DataTable label="Sessions" rows={sessions} columns={columns} empty="No sessions: you use an API key." />;
}

const columns: Columns<Session> = [
  {
    header: 'Browser',
    accessorKey: 'agent',
    cell: ({ row }) => <Agent of={row.original.agent} />,
  },
  { header: 'Address', accessorKey: 'address' },
  { header: 'Login', accessorKey: 'provider', cell: ({ row }) => row.original.provider || 'demonstration' },
  { header: 'Last seen', accessorKey: 'seen_at', cell: ({ row }) => <Ago at={row.original.seen_at} /> },
  { header: 'Ends', accessorKey: 'expires_at', cell: ({ row }) => <Ago at={row.original.expires_at} /> },
  { id: 'end', cell: ({ row }) => <End session={row.original} /> },
];

function End({ session }: { session: Session }) {
  const { endSession } = useProfileDeeds();
  if (session.current)
    return (
      <Badge variant="default" tt="none">
        This one
      </Badge>
    );
  const ask = () =>
    confirm({
      title: `End the session of “${agentWords(session.agent)}”?`,
      effect: `At ${session.address} one has to log in again.`,
      verb: 'End session',
      act: () => endSession.mutate(session),
    });
  return (
    <Grave label={`End the session of ${agentWords(session.agent)}`} onClick={ask}>
      End…
    </Grave>
  );
}

/** Ends all sessions but this one. */
export function EndOthers({ count }: { count: number }) {
  const { endOthers } = useProfileDeeds();
  const ask = () =>
    confirm({
      title: 'End all other sessions?',
      effect: `${count} ${count === 1 ? 'other browser or program has' : 'other browsers and programs have'} to log in again.`,
      verb: 'End sessions',
      act: () => endOthers.mutate(undefined),
    });
  return (
    <Button variant="default" disabled={count === 0} onClick={ask}>
      End all others…
    </Button>
  );
}
