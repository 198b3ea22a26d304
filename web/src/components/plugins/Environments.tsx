import { Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Ago } from '@/components/Ago.tsx';
import { StackTrace } from '@/components/run/StackTrace.tsx';
import { Section } from '@/components/Section.tsx';
import type { Environment, Plugin } from '@/services/plugins.ts';

/** Where FiftyOne has loaded the plugin, and what it made of it; nothing for a plugin that needs none. */
export function Environments({ plugin }: { plugin: Plugin }) {
  if (plugin.operators.every((o) => o.runtime === 'command')) return null;
  return (
    <Section title="In FiftyOne">
      {plugin.environments.length === 0 && (
        <Text size="sm" c="dimmed">
          {plugin.enabled
            ? 'No FiftyOne has loaded this version yet. A worker that has FiftyOne does so when it is free, others with their first run.'
            : 'No FiftyOne has loaded this version.'}
        </Text>
      )}
      <Stack gap="md">
        {plugin.environments.map((e) => (
          <One key={`${e.orchestrator.id} ${e.worker}`} environment={e} />
        ))}
      </Stack>
    </Section>
  );
}

function One({ environment: e }: { environment: Environment }) {
  const whole = e.not_loadable.length === 0;
  return (
    <div>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Sign whole={whole} />
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {whole ? 'All operators can be loaded' : `${e.not_loadable.length} declared, but not loadable`}
          {` · ${placeOf(e)} · `}
          <Ago at={e.seen_at} />
        </Text>
      </Group>
      {!whole && (
        <List size="sm" mt={4} withPadding>
          {e.not_loadable.map((o) => (
            <List.Item key={o.operator}>
              <b>{o.operator}</b>: {o.reason}
            </List.Item>
          ))}
        </List>
      )}
      {e.errors.map((trace, n) => (
        <StackTrace
          key={n}
          text={trace}
          title={e.errors.length > 1 ? `Error ${n + 1} of ${e.errors.length}` : 'Error'}
        />
      ))}
    </div>
  );
}

function Sign({ whole }: { whole: boolean }): ReactNode {
  return whole ? (
    <IconCircleCheck size={18} color="var(--sb-completed)" aria-hidden style={{ flex: 'none' }} />
  ) : (
    <IconAlertTriangle size={18} color="var(--sb-failed)" aria-hidden style={{ flex: 'none' }} />
  );
}

/** What met the plugin, and where. One whose process ended could not say its versions. */
function placeOf(e: Environment): string {
  const what = e.fiftyone === '' ? 'FiftyOne' : `FiftyOne ${e.fiftyone}, Python ${e.python}`;
  return `${what} on ${e.orchestrator.name}${e.worker === '' ? '' : `, worker ${e.worker}`}`;
}
