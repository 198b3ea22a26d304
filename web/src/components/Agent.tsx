import { Text } from '@mantine/core';
import { agentWords } from '@/services/agents.ts';

/** The browser or program of a session; all that it says of itself on hover. */
export function Agent({ of }: { of: string }) {
  return (
    <Text size="sm" maw={180} truncate title={of}>
      {agentWords(of)}
    </Text>
  );
}
