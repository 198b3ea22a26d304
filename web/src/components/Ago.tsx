import { absolute, ago, useNow } from '@/services/times.ts';

/** A time as people say it; the whole of it on hover, when it is made: a page shows many. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} onPointerEnter={(e) => (e.currentTarget.title = absolute(at))}>
      {ago(at, now)}
    </time>
  );
}
