import { Button } from '@mantine/core';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { usePeopleDeeds } from '@/components/team/deeds.ts';
import type { Invitation } from '@/services/people.ts';

/** Who was invited, and what became of it. */
export function Invitations({ invitations }: { invitations: Invitation[] }) {
  return (
    <DataTable
      label="Invitations"
      rows={invitations}
      columns={columns}
      empty="No invitations yet. Invite somebody with the button above."
    />
  );
}

const columns: Columns<Invitation> = [
  { header: 'Address', accessorKey: 'email' },
  { header: 'Role', accessorKey: 'role' },
  { header: 'State', accessorKey: 'state' },
  { header: 'Invited by', id: 'by', cell: ({ row }) => row.original.invited_by.name },
  { header: 'Invited', accessorKey: 'created_at', cell: ({ row }) => <Ago at={row.original.created_at} /> },
  { header: 'Expires', accessorKey: 'expires_at', cell: ({ row }) => <Ago at={row.original.expires_at} /> },
  { id: 'revoke', cell: ({ row }) => row.original.state === 'open' && <Revoke invitation={row.original} /> },
];

function Revoke({ invitation }: { invitation: Invitation }) {
  const { revoke } = usePeopleDeeds();
  const ask = () =>
    confirm({
      title: `Take back the invitation of “${invitation.email}”?`,
      effect: 'Its link opens nothing from then on.',
      verb: 'Take back',
      act: () => revoke.mutate(invitation),
    });
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="red"
      aria-label={`Take back the invitation of ${invitation.email}`}
      onClick={ask}
    >
      Take back
    </Button>
  );
}
