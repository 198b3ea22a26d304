import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Empty } from '@/components/Empty.tsx';
import { StackTrace } from '@/components/StackTrace.tsx';
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

/** Why the run failed. */
export function Errors({ run }: { run: Run }) {
  if (!run.failure) return <Empty>It has not failed.</Empty>;
  const { kind, message, stack } = run.failure;
  return (
    <>
      <Alert color="red" icon={<IconAlertTriangle />} title={words[kind]} mb="md">
        <Text size="sm" className={classes.uri ?? ''} style={{ whiteSpace: 'pre-wrap' }}>
          {message}
        </Text>
      </Alert>
      {stack && <StackTrace text={stack} />}
    </>
  );
}
