import { Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Ago } from '@/components/Ago.tsx';
import classes from '@/components/run/run.module.css';
import { Section } from '@/components/Section.tsx';
import type { Environment, Plugin } from '@/services/plugins.ts';

/** Where FiftyOne has loaded the plugin, and what it made of it; nothing for a plugin that needs none. */
export function Environments({ plugin }: { plugin: Plugin }) {
  if (plugin.operators.every((o) => o.runtime === 'command')) return null;
  return (
    <Section title="In FiftyOne">
      {plugin.environments.length === 0 && (
        <Text size="sm" c="dimmed">
          No FiftyOne has loaded this version yet.
          {plugin.enabled && ' A worker that has FiftyOne does so soon, other orchestrators with their first run.'}
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
          {byReason(e).map(([reason, names]) => (
            <List.Item key={reason} style={{ overflowWrap: 'anywhere' }}>
              <b>{names.join(', ')}</b>: {reason}
            </List.Item>
          ))}
        </List>
      )}
      {e.errors.length > 0 && (
        <details>
          <Text component="summary" size="sm" mt={4} style={{ cursor: 'pointer' }}>
            {e.errors.length === 1 ? 'What went wrong' : `What went wrong, ${e.errors.length} times`}
          </Text>
          {e.errors.map((trace, n) => (
            <pre key={n} className={classes.code}>
              {trace}
            </pre>
          ))}
        </details>
      )}
    </div>
  );
}

function Sign({ whole }: { whole: boolean }) {
  const Icon = whole ? IconCircleCheck : IconAlertTriangle;
  return <Icon size={18} color={`var(--sb-${whole ? 'completed' : 'failed'})`} aria-hidden style={{ flex: 'none' }} />;
}

/** The operators that do not load, by why: it is mostly the same. */
function byReason(e: Environment): [string, string[]][] {
  const reasons = new Map<string, string[]>();
  for (const { operator, reason } of e.not_loadable) reasons.set(reason, [...(reasons.get(reason) ?? []), operator]);
  return [...reasons];
}

/** What met the plugin, and where. One whose process ended could not say its versions. */
function placeOf(e: Environment): string {
  const what = e.fiftyone === '' ? 'FiftyOne' : `FiftyOne ${e.fiftyone}, Python ${e.python}`;
  return `${what} on ${e.orchestrator.name}${e.worker === '' ? '' : `, worker ${e.worker}`}`;
}
