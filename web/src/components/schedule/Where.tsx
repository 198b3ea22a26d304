import { Group, Radio, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Trouble } from '@/components/Trouble.tsx';
import type { Schemas } from '@/services/api.ts';
import { outlookQuery } from '@/services/operators.ts';
import { duration } from '@/services/times.ts';

type Place = Schemas['OutlookAt'];

interface Props {
  operator: string;
  dataset: string | undefined;
  chosen: string | undefined; // id or name; undefined: the first that would take it
  choose: (id: string) => void;
  fault: string | undefined;
}

/** Chooses where it runs, with how things stand there and what would happen. */
export function Where({ operator, dataset, chosen, choose, fault }: Props) {
  const { data, error } = useQuery(outlookQuery(operator, dataset));
  if (error && !data) return <Trouble error={error} what="Where it could run is not known" />;
  if (!data) return null;
  const first = data.places.find((p) => p.enabled);
  const now = data.places.find((p) => p.orchestrator.id === chosen || p.orchestrator.name === chosen) ?? first;
  if (data.places.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No orchestrator has a route for this operator. An admin can add one.
      </Text>
    );
  }
  return (
    <Radio.Group label="Where it runs" value={now?.orchestrator.id ?? null} onChange={choose} error={fault}>
      <Stack gap="xs" mt={6}>
        {data.places.map((place) => (
          <Radio
            key={place.orchestrator.id}
            value={place.orchestrator.id}
            disabled={!place.enabled}
            label={
              <Group gap="xs" component="span">
                {place.orchestrator.name}
                <Text span size="xs" fw={600} c={colorOf(place)}>
                  {stateOf(place)}
                </Text>
              </Group>
            }
            description={outlookOf(place)}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}

const states: Record<string, string> = {
  no_worker: 'No worker',
  quota: 'Full',
  target: 'Held up',
  turn: 'Free',
};

function stateOf({ enabled, waiting }: Place): string {
  return enabled ? (states[waiting.holds] ?? 'Free') : 'Disabled';
}

function colorOf(place: Place): string {
  const state = stateOf(place);
  return state === 'Free' ? 'var(--sb-completed)' : state === 'Disabled' ? 'dimmed' : 'var(--sb-queued)';
}

/** What would happen there, in one line. */
export function outlookOf({ enabled, waiting }: Place): string {
  const { ahead, holds, estimate_seconds: seconds, summary } = waiting;
  if (!enabled || (holds !== 'quota' && holds !== 'turn')) return summary;
  const runs = ahead ?? 0;
  const line = runs === 0 ? 'No run is ahead' : `${runs} ${runs === 1 ? 'run' : 'runs'} ahead`;
  if (holds === 'turn') return runs === 0 ? 'It starts at once.' : `${line}; it starts in a moment.`;
  return seconds === null ? `${line}; all slots are in use.` : `${line}, about ${duration(seconds * 1000)}.`;
}
