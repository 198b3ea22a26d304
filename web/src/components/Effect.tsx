import { Button, Group, List, Loader, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { type QueryKey, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { grievous } from '@/components/confirm.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import type { Schemas } from '@/services/api.ts';
import { permissionWord } from '@/services/datasets.ts';

export type Effect = Schemas['Effect'];

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
  if (of.gain.length + of.lose.length + of.rejected_runs.length === 0) {
    return <Text size="sm">Nobody gains or loses anything by it.</Text>;
  }
  return (
    <Stack gap="xs">
      <People title="Lose it" of={of.lose} />
      <People title="Gain it" of={of.gain} />
      {of.rejected_runs.length > 0 && (
        <Text size="sm">
          {of.rejected_runs.length === 1 ? 'One scheduled run is' : `${of.rejected_runs.length} scheduled runs are`}{' '}
          rejected in turn.
        </Text>
      )}
      {of.more && (
        <Text size="sm" c="dimmed">
          There is more than was looked at.
        </Text>
      )}
    </Stack>
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
            {d.dataset && ` on ${d.dataset.name}`}: {permissionWord(d.before)} → {permissionWord(d.after)}
          </List.Item>
        ))}
        {of.length > most && <List.Item>and {of.length - most} more</List.Item>}
      </List>
    </div>
  );
}
