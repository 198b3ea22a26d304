import { Button } from '@mantine/core';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useProfileDeeds } from '@/components/profile/deeds.ts';
import type { Key } from '@/services/keys.ts';

/** My API keys. What they are is never shown again. */
export function KeyTable({ keys }: { keys: Key[] }) {
  return <DataTable label="API keys" rows={keys} columns={columns} empty="No API keys yet." />;
}

const columns: Columns<Key> = [
  { header: 'Name', accessorKey: 'name' },
  { header: 'Made', accessorKey: 'created_at', cell: ({ row }) => <Ago at={row.original.created_at} /> },
  { header: 'Expires', accessorKey: 'expires_at', cell: ({ row }) => <Maybe at={row.original.expires_at} /> },
  { header: 'Last used', accessorKey: 'last_used_at', cell: ({ row }) => <Maybe at={row.original.last_used_at} /> },
  { id: 'end', cell: ({ row }) => <End apiKey={row.original} /> },
];

function Maybe({ at }: { at: string | null }) {
  return at === null ? 'Never' : <Ago at={at} />;
}

function End({ apiKey }: { apiKey: Key }) {
  const { endKey } = useProfileDeeds();
  const ask = () =>
    confirm({
      title: `End the key “${apiKey.name}”?`,
      effect: 'Programs that use it are refused at once.',
      verb: 'End key',
      act: () => endKey.mutate(apiKey),
    });
  return (
    <Button size="compact-sm" variant="subtle" color="red" aria-label={`End the key ${apiKey.name}`} onClick={ask}>
      End
    </Button>
  );
}
