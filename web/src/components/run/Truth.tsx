import { Alert, Anchor, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Ago } from '@/components/Ago.tsx';
import { Why } from '@/components/runs/Why.tsx';
import { useRunDeeds } from '@/components/runs/deeds.tsx';
import { rightsOn, type Run, workGoesOn } from '@/services/runs.ts';
import { useMe } from '@/services/me.ts';

/** Says what the status alone does not: why a run waits, and where its status and its work disagree. */
export function Truth({ run }: { run: Run }) {
  if (run.status === 'scheduled' || run.status === 'queued') {
    return (
      <Alert variant="light" color="gray" mt="md" p="sm">
        <Why id={run.id} />
      </Alert>
    );
  }
  if (workGoesOn(run)) return <GoesOn run={run} />;
  if (run.status === 'running' && run.work.state === 'unknown') {
    return (
      <Alert color="orange" icon={<IconAlertTriangle />} mt="md" p="sm" title="No sign of life">
        Its work was last seen <Seen run={run} />. It counts as running until it is known to have ended.
      </Alert>
    );
  }
  return null;
}

function GoesOn({ run }: { run: Run }) {
  const { stop } = useRunDeeds();
  const may = rightsOn(run, useMe()).end;
  const ending = run.work.state === 'ending';
  return (
    <Alert color="orange" icon={<IconAlertTriangle />} mt="md" p="sm" title="The run is over, its work is not">
      <Text size="sm">
        The work {ending ? 'was asked to end and has not yet' : 'still goes on'} at {run.orchestrator}, seen{' '}
        <Seen run={run} />. It holds its slot until it has ended.{' '}
        {may && !ending && (
          <Anchor component="button" type="button" size="sm" onClick={() => stop.mutate(run)}>
            Stop the work
          </Anchor>
        )}
      </Text>
    </Alert>
  );
}

function Seen({ run }: { run: Run }) {
  return run.work.seen_at ? <Ago at={run.work.seen_at} /> : <>never</>;
}
