import { Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Moment } from '@/components/Ago.tsx';
import { PagePending } from '@/components/PagePending.tsx';
import { ShowMore } from '@/components/ShowMore.tsx';
import { Cell, StackTable } from '@/components/StackTable.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { eventsQuery, type Run } from '@/services/runs.ts';

/** What happened to the run, in order. */
export function Events({ run }: { run: Run }) {
  const events = useInfiniteQuery(eventsQuery(run.id));
  const { data, error, refetch } = events;
  if (error && !data) return <Trouble error={error} what="The events could not be read" retry={() => void refetch()} />;
  if (!data) return <PagePending />;
  return (
    <>
      <StackTable label="Events" columns={4} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={290}>When</Table.Th>
            <Table.Th w={180}>What</Table.Th>
            <Table.Th w={80}>Attempt</Table.Th>
            <Table.Th>Details</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.pages
            .flatMap((page) => page.items)
            .map((e) => (
              <Table.Tr key={e.seq}>
                <Cell>
                  <Moment at={e.at} />
                </Cell>
                <Cell label="What">{words(e.kind)}</Cell>
                <Cell label="Attempt">{e.attempt || '–'}</Cell>
                <Cell label="Details">
                  {e.message}
                  {e.actor && (
                    <Text span size="sm" c="dimmed">
                      {e.message && ' · '}
                      {e.actor.name}
                    </Text>
                  )}
                </Cell>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </StackTable>
      <ShowMore of={events} />
    </>
  );
}

function words(kind: string): string {
  const text = kind.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
