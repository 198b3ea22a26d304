import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import { isProblem } from '@/services/api.ts';

interface Props {
  error: unknown;
  what: string; // what could not be done, such as "The runs could not be read"
  retry?: () => void;
}

/** Says what happened, why, and what to do about it. */
export function Trouble({ error, what, retry }: Props) {
  const unreachable = isProblem(error, 'unreachable');
  const request = isProblem(error) ? error.request : '';
  return (
    <Alert
      role="alert"
      color={unreachable ? 'gray' : 'red'}
      icon={unreachable ? <IconPlugConnectedX /> : <IconAlertTriangle />}
      title={what}
    >
      <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
      <Group mt="xs" gap="sm">
        {retry && (
          <Button size="compact-sm" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
        {request && (
          <Text size="xs" c="dimmed">
            Request <Code>{request}</Code>
          </Text>
        )}
      </Group>
    </Alert>
  );
}
