import { Badge, Button, Code } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { confirm } from '@/components/confirm.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { usePluginDeeds } from '@/components/plugins/deeds.ts';
import { type Plugin, type Revision, revisionsQuery } from '@/services/plugins.ts';

/** What a plugin was before, and the way back. */
export function Revisions({ plugin }: { plugin: Plugin }) {
  const { data } = useSuspenseQuery(revisionsQuery(plugin.id));
  const columns = useMemo(() => columnsOf(plugin), [plugin]);
  return (
    <DataTable
      label="Versions"
      rows={data.items}
      idOf={(r) => String(r.revision)}
      columns={columns}
      empty="There are no versions."
    />
  );
}

function columnsOf(plugin: Plugin): Columns<Revision> {
  return [
    { header: 'Revision', accessorKey: 'revision' },
    { header: 'Version', accessorKey: 'version' },
    {
      header: 'Archive',
      cell: ({ row }) => <Code title={row.original.sha256}>{row.original.sha256.slice(0, 12)}</Code>,
    },
    { header: 'Installed', accessorKey: 'created_at', cell: ({ row }) => <Ago at={row.original.created_at} /> },
    { header: 'By', accessorFn: (r) => r.created_by.name },
    { id: 'back', header: 'Actions', cell: ({ row }) => <Back plugin={plugin} revision={row.original} /> },
  ];
}

function Back({ plugin, revision }: { plugin: Plugin; revision: Revision }) {
  const { rollBack } = usePluginDeeds();
  if (revision.current) return <Badge variant="light">Current</Badge>;
  const ask = () =>
    confirm({
      title: `Go back to revision ${revision.revision} of “${plugin.name}”?`,
      effect: `New runs take version ${revision.version} from then on. Runs that wait keep the revision that they were scheduled with. Revision ${plugin.revision} stays here, so that you can return to it.`,
      verb: 'Roll back',
      grave: false,
      act: () => rollBack.mutate({ plugin, revision }),
    });
  return (
    <Button size="compact-sm" variant="default" loading={rollBack.isPending} onClick={ask}>
      Use this
    </Button>
  );
}
