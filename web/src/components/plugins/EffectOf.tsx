import { List, Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Trouble } from '@/components/Trouble.tsx';
import type { Change } from '@/components/plugins/deeds.ts';
import { type Effect, effectOf } from '@/services/plugins.ts';

/** Asks the server what a change would do, and shows it. */
export function EffectOf({ change: { plugin, operator, to } }: { change: Change }) {
  const { data, error } = useQuery({
    queryKey: ['plugins', 'effect', operator.uri, to],
    queryFn: () => effectOf(plugin.id, operator.name, to),
    gcTime: 0,
    staleTime: 0,
  });
  if (error) return <Trouble error={error} what="What it would do could not be found out" />;
  if (!data) return <Loader size="sm" aria-label="Finding out what it would do" />;
  return <EffectWords of={data} />;
}

const most = 10;

/** Who gains and loses what, and which runs would be rejected. */
export function EffectWords({ of }: { of: Effect }) {
  if (of.gain.length + of.lose.length + of.rejected_runs.length === 0) {
    return <Text size="sm">Nobody gains or loses anything by it.</Text>;
  }
  return (
    <>
      <People title="Lose it" of={of.lose} />
      <People title="Gain it" of={of.gain} />
      {of.rejected_runs.length > 0 && (
        <Text size="sm" mt="xs">
          {of.rejected_runs.length === 1 ? 'One scheduled run is' : `${of.rejected_runs.length} scheduled runs are`}{' '}
          rejected in turn.
        </Text>
      )}
      {of.more && (
        <Text size="sm" mt="xs" c="dimmed">
          There is more than was looked at.
        </Text>
      )}
    </>
  );
}

function People({ title, of }: { title: string; of: Effect['gain'] }) {
  if (of.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {title} ({of.length})
      </Text>
      <List size="sm">
        {of.slice(0, most).map((d) => (
          <List.Item key={`${d.principal.id} ${d.dataset?.id ?? ''}`}>
            {d.principal.name}
            {d.dataset && ` on ${d.dataset.name}`}: {d.before} → {d.after}
          </List.Item>
        ))}
        {of.length > most && <List.Item>and {of.length - most} more</List.Item>}
      </List>
    </div>
  );
}
