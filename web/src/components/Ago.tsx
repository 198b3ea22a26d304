import { Text } from '@mantine/core';
import { absolute, ago, moment, useNow } from '@/services/times.ts';

/** A time as people say it; the whole of it on hover, when it is made: a page shows many. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} onPointerEnter={(e) => (e.currentTarget.title = absolute(at))}>
      {ago(at, now)}
    </time>
  );
}

/** The same beside the clock, where moments matter: neither keys nor touch reach what is shown on hover. */
export function Moment({ at }: { at: string }) {
  return (
    <>
      <Ago at={at} />{' '}
      <Text span inherit c="dimmed">
        {moment(at)}
      </Text>
    </>
  );
}
