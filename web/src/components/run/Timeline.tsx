import { type Stretch, stretchesOf } from '@/components/run/times.ts';
import type { Run } from '@/services/runs.ts';
import { absolute, duration, useNow } from '@/services/times.ts';
import classes from './run.module.css';

const words = {
  scheduled: 'Scheduled',
  queued: 'Queued',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
};

/** The life of a run as a thin line: how long it waited, ran, and when it ended. */
export function Timeline({ run }: { run: Run }) {
  const now = useNow();
  return (
    <ol className={classes.timeline} aria-label="Timeline">
      {stretchesOf(run).map((s) => (
        <li
          key={s.status}
          className={classes.stretch}
          data-status={s.status}
          data-ahead={s.from === undefined || undefined}
          title={s.from === undefined ? undefined : absolute(new Date(s.from).toISOString())}
        >
          {s.from === undefined && s.status === 'completed' ? 'End' : words[s.status]}
          <span className={classes.took}>{took(s, now)}</span>
        </li>
      ))}
    </ol>
  );
}

function took({ status, from, to }: Stretch, now: number): string {
  if (from === undefined) return '–';
  if (status === 'completed' || status === 'failed') return clock.format(from);
  return duration((to ?? Math.max(now, from)) - from);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
