import { Badge, List, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Ago } from '@/components/Ago.tsx';
import { type Columns, DataTable } from '@/components/DataTable.tsx';
import { ShowMore } from '@/components/ShowMore.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { type Orchestrator, type Worker, workersQuery } from '@/services/orchestrators.ts';

type Row = Worker & { id: string };

const columns: Columns<Row> = [
  { header: 'Worker', accessorKey: 'name', cell: ({ row }) => <Name of={row.original} /> },
  { header: 'Pool', accessorKey: 'pool' },
  { header: 'Running', accessorFn: (w) => w.running.length, cell: ({ row }) => taken([row.original]) },
  { header: 'Version', accessorKey: 'version' },
  { header: 'Seen', accessorKey: 'seen_at', cell: ({ row }) => <Ago at={row.original.seen_at} /> },
];

/** The workers of the builtin orchestrator, and how much they can do. */
export function Workers({ of }: { of: Orchestrator }) {
  const workers = useInfiniteQuery(workersQuery(of.id));
  const items = workers.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Workers
      </Title>
      {workers.error && <Trouble error={workers.error} what="Its workers could not be read" />}
      {items.length > 0 && (
        <Text size="sm" mb="xs">
          {taken(items)} places taken
        </Text>
      )}
      {workers.data && (
        <DataTable
          label="Workers"
          rows={items.map((w) => ({ ...w, id: w.name }))}
          columns={columns}
          empty="No worker was seen in the last day. Start one with “signalbox worker”."
        />
      )}
      <ShowMore of={workers} />
    </section>
  );
}

function Name({ of }: { of: Worker }) {
  return (
    <>
      <Text size="sm" fw={600}>
        {of.name} {of.draining && <Badge variant="light">Draining</Badge>}
      </Text>
      {of.warnings.length > 0 && (
        <List size="xs">
          {of.warnings.map((warning) => (
            <List.Item key={warning}>{warning}</List.Item>
          ))}
        </List>
      )}
    </>
  );
}

/** How many of the places of workers are taken. */
export function taken(workers: Pick<Worker, 'running' | 'concurrency'>[]): string {
  const sum = (count: (w: Pick<Worker, 'running' | 'concurrency'>) => number) =>
    workers.reduce((all, w) => all + count(w), 0);
  return `${sum((w) => w.running.length)} of ${sum((w) => w.concurrency)}`;
}
