import { Alert, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Change, changesOf } from '@/components/run/changes.ts';
import { RunLink } from '@/components/runs/RunLink.tsx';
import { StackTable } from '@/components/StackTable.tsx';
import { isProblem } from '@/services/api.ts';
import { nameOf, type Run, runQuery } from '@/services/runs.ts';

/** What changed since the run that this one is a re-run of. */
export function Lineage({ run, of }: { run: Run; of: string }) {
  const { data: before, error } = useQuery(runQuery(of));
  if (isProblem(error, 'not_found')) {
    return (
      <Text size="sm" c="dimmed" mt="md">
        It is a re-run of a run that is gone, or that you may not see.
      </Text>
    );
  }
  if (!before) return null;
  const changes = changesSince(before, run);
  return (
    <Alert
      color="gray"
      variant="light"
      mt="md"
      title={
        <RunLink run={before} c="inherit" underline="always">
          A re-run of “{nameOf(before)}”
        </RunLink>
      }
    >
      {changes.length === 0 ? (
        <Text size="sm">Nothing of what it was given has changed.</Text>
      ) : (
        <Changes changes={changes} />
      )}
    </Alert>
  );
}

/** Inputs, view and plugin; and what came of it, once that is known. */
function changesSince(before: Run, run: Run): Change[] {
  const facts = (r: Run) => ({
    'Plugin version': `${r.plugin_version}, revision ${r.plugin_revision}`,
    View: r.view ?? 'the whole dataset',
    Orchestrator: r.orchestrator,
    Outcome: r.status,
  });
  const now = { ...facts(run) };
  const then = { ...facts(before) };
  return [...changesOf(before.params, run.params), ...changesOf(then, now)];
}

export function Changes({ changes }: { changes: Change[] }) {
  return (
    <StackTable label="What changed" columns={3} verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>What changed</Table.Th>
          <Table.Th>Before</Table.Th>
          <Table.Th>Now</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map(({ at, before, after }) => (
          <Table.Tr key={at}>
            <Table.Td>{at || 'All of it'}</Table.Td>
            <Table.Td>{short(before)}</Table.Td>
            <Table.Td>{short(after)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </StackTable>
  );
}

const most = 200;

function short(value: unknown): string {
  if (value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
