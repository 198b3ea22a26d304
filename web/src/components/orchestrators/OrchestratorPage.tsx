import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { confirm } from '@/components/confirm.tsx';
import { useOrchestratorDeeds } from '@/components/orchestrators/deeds.ts';
import { Edit } from '@/components/orchestrators/Edit.tsx';
import { Keys } from '@/components/orchestrators/Keys.tsx';
import { OrchestratorSwitch } from '@/components/orchestrators/OrchestratorList.tsx';
import { Probing } from '@/components/orchestrators/Probing.tsx';
import { Work } from '@/components/orchestrators/Work.tsx';
import { Workers } from '@/components/orchestrators/Workers.tsx';
import { Page } from '@/components/Page.tsx';
import type { Orchestrator } from '@/services/orchestrators.ts';

/** One orchestrator: whether it works, what is sent there, and what is there. */
export function OrchestratorPage({ of }: { of: Orchestrator }) {
  return (
    <Page title={of.name} wide lead={`${of.kind}, at most ${of.quota} runs at once`} actions={<Actions of={of} />}>
      <Stack gap="lg">
        <Group gap="sm">
          <OrchestratorSwitch of={of} />
          <Text size="sm">{of.enabled ? 'Enabled' : 'Disabled: no runs are sent there'}</Text>
        </Group>
        <Probing of={of} />
        <section>
          <Title order={2} size="h4" mb="xs">
            Routes
          </Title>
          {of.routes.map((route) => (
            <Text size="sm" key={JSON.stringify(route)}>
              <Code>{route.operators.join(', ')}</Code> →{' '}
              <Code>{Object.values(route.target).join(' @ ') || 'default'}</Code>
            </Text>
          ))}
          {of.routes.length === 0 && (
            <Text size="sm" c="dimmed">
              Without a route no run is sent there.
            </Text>
          )}
        </section>
        {of.kind === 'builtin' && <Workers of={of} />}
        <Work of={of} />
        <Keys of={of} />
      </Stack>
    </Page>
  );
}

function Actions({ of }: { of: Orchestrator }) {
  const [editing, setEditing] = useState(false);
  const navigate = useNavigate();
  const { remove } = useOrchestratorDeeds();
  const ask = () =>
    confirm({
      title: `Remove “${of.name}”?`,
      effect: 'Its routes, credentials and keys are gone. Runs of the past stay. With open work it is refused.',
      verb: 'Remove',
      act: () => remove.mutate(of, { onSuccess: () => void navigate({ to: '/orchestrators' }) }),
    });
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => setEditing(true)}>
        Change…
      </Button>
      <Button variant="light" color="red" onClick={ask}>
        Remove…
      </Button>
      {editing && <Edit of={of} close={() => setEditing(false)} />}
    </Group>
  );
}
