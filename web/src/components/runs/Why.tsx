import { Loader, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Ago } from '@/components/Ago.tsx';
import { sentence } from '@/services/api.ts';
import { waitQuery, type Waiting } from '@/services/runs.ts';
import { duration } from '@/services/times.ts';

/** Why a run waits: what holds it, where it stands in line, and until about when. */
export function Why({ id }: { id: string }) {
  const { data, error } = useQuery(waitQuery(id));
  if (error) return <Text size="sm">{error.message}</Text>;
  if (!data) return <Loader size="xs" aria-label="Loading" />;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={550}>
        {sentence(data.summary)}
      </Text>
      {facts(data).map((fact) => (
        <Text key={fact} size="sm" c="dimmed">
          {fact}
        </Text>
      ))}
      {data.since && (
        <Text size="xs" c="dimmed">
          So since <Ago at={data.since} />
        </Text>
      )}
    </Stack>
  );
}

function facts(w: Waiting): string[] {
  const out: string[] = [];
  if (w.position !== null) out.push(`Number ${w.position} in line, ${w.ahead ?? 0} ahead`);
  if (w.quota > 0) out.push(`${w.held} of ${w.quota} slots in use`);
  if (w.estimate_seconds !== null) out.push(`Starts in about ${duration(w.estimate_seconds * 1000)}, by past runs`);
  return out;
}
