import { Button, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Copy } from '@/components/Copy.tsx';

interface Props {
  says: ReactNode;
  secret: string;
  copy: string; // on the button
  close: () => void;
}

/** A key or a link that is shown this once, to be copied. */
export function Once({ says, secret, copy, close }: Props) {
  return (
    <Stack>
      <Text size="sm" component="div">
        {says}
      </Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {secret}
      </Code>
      <Group justify="flex-end">
        <Copy text={secret} label={copy} />
        <Button size="xs" onClick={close}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
