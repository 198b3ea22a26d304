import { absolute, ago, useNow } from '@/services/times.ts';

/** A time as people say it; the whole of it on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={absolute(at)}>
      {ago(at, now)}
    </time>
  );
}
