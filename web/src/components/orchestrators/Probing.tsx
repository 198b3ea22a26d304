import { Button, Group, Text, Title } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useOrchestratorDeeds } from '@/components/orchestrators/deeds.ts';
import type { Orchestrator, Probe } from '@/services/orchestrators.ts';

/** Asks an orchestrator whether runs can be sent there. */
export function Probing({ of }: { of: Orchestrator }) {
  const { probe } = useOrchestratorDeeds();
  return (
    <section aria-live="polite">
      <Group mb="xs">
        <Title order={2} size="h4">
          Does it work?
        </Title>
        <Button size="compact-sm" variant="default" loading={probe.isPending} onClick={() => probe.mutate(of)}>
          Probe
        </Button>
      </Group>
      {probe.data && <Checks of={probe.data} />}
    </section>
  );
}

/** What a probe found, line by line, and what to do about what is wrong. */
export function Checks({ of }: { of: Probe }) {
  return of.checks.map((check) => (
    <Group key={check.name} gap="xs" align="flex-start" wrap="nowrap" mb={4}>
      {check.ok ? (
        <IconCheck size={18} color="var(--mantine-color-teal-text)" aria-label="Right" />
      ) : (
        <IconX size={18} color="var(--mantine-color-red-text)" aria-label="Wrong" />
      )}
      <div>
        <Text size="sm">
          <b>{check.name}</b> {check.detail}
        </Text>
        {check.fix && (
          <Text size="sm" c="dimmed">
            {check.fix}
          </Text>
        )}
      </div>
    </Group>
  ));
}
