import { Button, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAccessDeeds } from '@/components/access/deeds.tsx';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { datasetInvitationsQuery, type Invitation } from '@/services/access.ts';
import { type Dataset, permissionWord } from '@/services/datasets.ts';
import { roleWord } from '@/services/me.ts';

/** Invitations to the dataset that wait: one's own, for admins everybody's. Not there without any. */
export function Invitations({ dataset }: { dataset: Dataset }) {
  const { data, error, refetch } = useQuery(datasetInvitationsQuery(dataset.id));
  const columns = useMemo(() => columnsOf(dataset), [dataset]);
  if (error && !data)
    return <Trouble error={error} what="Invitations could not be read" retry={() => void refetch()} />;
  if (!data || data.items.length === 0) return null;
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Invitations that wait
      </Title>
      <DataTable label="Invitations" rows={data.items} columns={columns} empty="No invitation waits." />
    </section>
  );
}

function columnsOf(dataset: Dataset): Columns<Invitation> {
  return [
    { header: 'Email', accessorKey: 'email' },
    { header: 'Will be', accessorFn: (i) => roleWord(i.role) },
    { header: 'With', accessorFn: (i) => permissionWord(i.permission ?? 'none') },
    { header: 'Invited by', accessorFn: (i) => i.invited_by.name },
    { header: 'Ends', accessorKey: 'expires_at', cell: ({ row }) => <Ago at={row.original.expires_at} /> },
    { id: 'back', header: 'Actions', cell: ({ row }) => <TakeBack of={row.original} dataset={dataset} /> },
  ];
}

function TakeBack({ of, dataset }: { of: Invitation; dataset: Dataset }) {
  const { revoke } = useAccessDeeds(dataset);
  const ask = () =>
    confirm({
      title: `Take back the invitation of ${of.email}?`,
      effect: 'Its link leads nowhere from then on. Nobody who has access loses it.',
      verb: 'Take back',
      act: () => revoke.mutate(of),
    });
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={revoke.isPending}
      aria-label={`Take back the invitation of ${of.email}`}
      onClick={ask}
    >
      Take back
    </Button>
  );
}
