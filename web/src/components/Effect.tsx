import { Button, Group, List, Loader, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { type QueryKey, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { grievous } from '@/components/confirm.tsx';
import { differenceWords, effectSentences } from '@/components/effectWords.ts';
import { Trouble } from '@/components/Trouble.tsx';
import type { Effect } from '@/services/effects.ts';

/** Asks the server what a change would do. It is asked anew each time somebody looks. */
export function useForetold<E>(about: QueryKey, ask: () => Promise<E>, enabled = true) {
  return useQuery({ queryKey: ['foretold', ...about], queryFn: ask, gcTime: 0, staleTime: 0, retry: false, enabled });
}

/** What a change would do, once the server has said so. */
export function Foretold({ data, error }: { data: Effect | undefined; error: Error | null }) {
  if (error) return <Trouble error={error} what="This cannot be done" />;
  if (!data) return <Loader size="sm" aria-label="Finding out what it would do" />;
  return <EffectWords of={data} />;
}

interface Question<E> {
  title: string; // names the thing
  note?: ReactNode; // what it means, beside the effect
  verb: string; // on the button
  grave?: boolean; // it takes something away
  about: QueryKey; // which change it is
  ask: () => Promise<E>; // what it would do
  show: (state: { data: E | undefined; error: Error | null }) => ReactNode;
  act: () => void; // a deed, which tells its outcome itself
}

/** Shows what a change would do before it is done; what cannot be done has no button for it. */
export function foretell<E>(question: Question<E>) {
  const id = modals.open({
    title: question.title,
    children: <Asked {...question} close={() => modals.close(id)} />,
  });
}

function Asked<E>({ note, verb, grave = false, about, ask, show, act, close }: Question<E> & { close: () => void }) {
  const { data, error } = useForetold(about, ask);
  const done = () => {
    close();
    act();
  };
  return (
    <Stack gap="sm">
      {note && (
        <Text size="sm" component="div">
          {note}
        </Text>
      )}
      <div aria-live="polite">{show({ data, error })}</div>
      <Group justify="flex-end" mt="xs">
        <Button variant="default" onClick={close} data-autofocus>
          Cancel
        </Button>
        <Button disabled={!data || error !== null} {...(grave ? { color: grievous } : {})} onClick={done}>
          {verb}
        </Button>
      </Group>
    </Stack>
  );
}

const most = 10;

/** Who gains and loses what, and which runs would be rejected. */
export function EffectWords({ of }: { of: Effect }) {
  const sentences = effectSentences(of);
  if (sentences.length === 0) return <Text size="sm">Nobody gains or loses anything by it.</Text>;
  const all = [...of.lose, ...of.gain];
  return (
    <Stack gap="xs">
      {sentences.map((text) => (
        <Text size="sm" fw={600} key={text}>
          {text}
        </Text>
      ))}
      <List size="sm">
        {all.slice(0, most).map((d) => (
          <List.Item key={`${d.principal.id} ${d.dataset?.id ?? ''} ${d.operator ?? ''}`}>
            {differenceWords(d)}
          </List.Item>
        ))}
        {all.length > most && <List.Item>and {all.length - most} more</List.Item>}
      </List>
      {of.more && (
        <Text size="sm" c="dimmed">
          There is more than was looked at.
        </Text>
      )}
    </Stack>
  );
}
