import { List, Loader, Stack, Text } from '@mantine/core';
import { type QueryKey, useQuery } from '@tanstack/react-query';
import { differenceWords, effectSentences } from '@/components/effect.ts';
import { Trouble } from '@/components/Trouble.tsx';
import type { Effect } from '@/services/effects.ts';

interface Props {
  of: QueryKey; // what names the change
  ask: () => Promise<Effect>;
  none?: string; // what is said when nobody gains or loses anything
}

/** Asks the server what a change would do, and shows it before it is done. */
export function Foretold({ of, ask, none }: Props) {
  const { data, error } = useQuery({ queryKey: ['foretold', ...of], queryFn: ask, gcTime: 0, staleTime: 0 });
  if (error) return <Trouble error={error} what="What it would do could not be found out" />;
  if (!data) return <Loader size="sm" aria-label="Finding out what it would do" />;
  return <EffectWords of={data} {...(none === undefined ? {} : { none })} />;
}

const most = 10;

/** Who gains and loses what, and which runs would be rejected. */
export function EffectWords({
  of,
  none = 'Nobody gains or loses access to anything by it.',
}: {
  of: Effect;
  none?: string;
}) {
  const sentences = effectSentences(of);
  if (sentences.length === 0) return <Text size="sm">{none}</Text>;
  const all = [...of.lose, ...of.gain];
  return (
    <Stack gap="xs">
      {sentences.map((text) => (
        <Text size="sm" fw={600} key={text}>
          {text}
        </Text>
      ))}
      {of.more && <Text size="sm">There is more than was looked at.</Text>}
      {all.length > 1 && (
        <List size="sm" c="dimmed">
          {all.slice(0, most).map((d) => (
            <List.Item key={`${d.principal.id} ${d.dataset?.id ?? ''} ${d.operator ?? ''}`}>
              {differenceWords(d)}
            </List.Item>
          ))}
          {all.length > most && <List.Item>and {all.length - most} more</List.Item>}
        </List>
      )}
    </Stack>
  );
}
