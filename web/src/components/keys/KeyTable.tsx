import { Badge, Text } from '@mantine/core';
import { useMemo } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { Grave } from '@/components/Grave.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { useDeed } from '@/components/deed.ts';
import { endKey, type Key, keysQuery, type Owner } from '@/services/keys.ts';
import { useNow } from '@/services/times.ts';

/** The API keys of somebody. What they are is never shown again. */
export function KeyTable({ owner, keys }: { owner: Owner; keys: Key[] }) {
  const columns = useMemo(() => columnsOf(owner), [owner]);
  return <DataTable label="API keys" rows={keys} columns={columns} empty="No API keys yet." />;
}

function columnsOf(owner: Owner): Columns<Key> {
  return [
    { header: 'Name', accessorKey: 'name', cell: ({ row }) => <Name of={row.original} /> },
    { header: 'Made', accessorKey: 'created_at', cell: ({ row }) => <Ago at={row.original.created_at} /> },
    { header: 'Expires', accessorKey: 'expires_at', cell: ({ row }) => <Maybe at={row.original.expires_at} /> },
    { header: 'Last used', accessorKey: 'last_used_at', cell: ({ row }) => <Maybe at={row.original.last_used_at} /> },
    { id: 'end', cell: ({ row }) => <End of={row.original} owner={owner} /> },
  ];
}

function Name({ of }: { of: Key }) {
  const now = useNow();
  const over = of.expires_at !== null && new Date(of.expires_at).getTime() <= now;
  return (
    <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
      {of.name}{' '}
      {over && (
        <Badge variant="default" tt="none">
          Expired
        </Badge>
      )}
    </Text>
  );
}

function Maybe({ at }: { at: string | null }) {
  return at === null ? 'Never' : <Ago at={at} />;
}

function End({ of, owner }: { of: Key; owner: Owner }) {
  const end = useDeed({
    act: () => endKey(owner, of.id),
    refresh: [keysQuery(owner).queryKey],
    done: () => `The key ${of.name} is ended.`,
    failed: `The key ${of.name} was not ended`,
  });
  const ask = () =>
    confirm({
      title: `End the key “${of.name}”?`,
      effect: 'Programs that use it are refused at once. It cannot be brought back.',
      verb: 'End key',
      act: () => end.mutate(undefined),
    });
  return (
    <Grave label={`End the key ${of.name}`} onClick={ask}>
      End…
    </Grave>
  );
}
