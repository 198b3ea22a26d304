import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Says that there is nothing, in one sentence, and what to do next. */
export function Empty({ children }: { children: ReactNode }) {
  return (
    <Stack align="center" py={56} px="md">
      <Text c="dimmed" ta="center">
        {children}
      </Text>
    </Stack>
  );
}
