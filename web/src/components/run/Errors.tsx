import { Alert, Anchor, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { Copy } from '@/components/Copy.tsx';
import { Empty } from '@/components/Empty.tsx';
import type { Run } from '@/services/runs.ts';
import classes from './run.module.css';

type Failure = NonNullable<Run['failure']>;

const words: Record<Failure['kind'], string> = {
  error: 'The operator failed',
  timeout: 'It took too long',
  lost: 'Its work vanished',
  orchestrator: 'It could not be run',
  marked: 'It was marked as failed',
  stopped: 'It was stopped',
  rejected: 'It was rejected',
};

const foldedAt = 40;

/** Why the run failed. */
export function Errors({ run }: { run: Run }) {
  const [whole, setWhole] = useState(false);
  if (!run.failure) return <Empty>It has not failed.</Empty>;
  const { kind, message, stack } = run.failure;
  const lines = stack.trimEnd().split('\n');
  const folded = !whole && lines.length > foldedAt;
  return (
    <>
      <Alert color="red" icon={<IconAlertTriangle />} title={words[kind]} mb="md">
        <Text size="sm" className={classes.uri ?? ''} style={{ whiteSpace: 'pre-wrap' }}>
          {message}
        </Text>
      </Alert>
      {stack && (
        <>
          <Group justify="space-between" mb="xs">
            <Text size="sm" fw={550}>
              Stack trace
            </Text>
            <Copy text={stack} />
          </Group>
          {/* The last lines say most: the beginning is what is folded. */}
          {folded && (
            <Anchor component="button" type="button" size="sm" mb={4} onClick={() => setWhole(true)}>
              Show {lines.length - foldedAt} earlier lines
            </Anchor>
          )}
          <pre className={classes.code}>{(folded ? lines.slice(-foldedAt) : lines).join('\n')}</pre>
        </>
      )}
    </>
  );
}
