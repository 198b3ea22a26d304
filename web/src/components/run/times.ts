import type { Run, Status } from '@/services/runs.ts';

/** A stretch of a run's life. */
export interface Stretch {
  status: Status;
  from: number | undefined; // undefined: it has not come to that
  to: number | undefined; // undefined: it lasts
}

/** The stretches of a run's life in order, those that are ahead as well. */
export function stretchesOf(run: Run): Stretch[] {
  const scheduled = Date.parse(run.scheduled_at);
  const [queued, started, ended] = [run.queued_at, run.started_at, run.ended_at].map((at) =>
    at === null ? undefined : Date.parse(at),
  );
  const way: Stretch[] = [
    { status: 'scheduled', from: scheduled, to: queued ?? ended },
    { status: 'queued', from: queued, to: started ?? ended },
    { status: 'running', from: started, to: ended },
  ];
  const end: Stretch = { status: run.status === 'failed' ? 'failed' : 'completed', from: ended, to: ended };
  // What a run that is over never came to is left out.
  return ended === undefined ? [...way, end] : [...way.filter((s) => s.from !== undefined), end];
}
