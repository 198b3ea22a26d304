import { expect, it } from 'vitest';
import { stretchesOf } from '@/components/run/times.ts';
import type { Run } from '@/services/runs.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const run = (more: Partial<Run>) =>
  ({ status: 'scheduled', scheduled_at: at(0), queued_at: null, started_at: null, ended_at: null, ...more }) as Run;

it('tells of a run that goes on what lasts, and what is ahead', () => {
  const stretches = stretchesOf(run({ status: 'running', queued_at: at(1), started_at: at(3) }));
  expect(stretches.map((s) => [s.status, s.from !== undefined, s.to !== undefined])).toEqual([
    ['scheduled', true, true],
    ['queued', true, true],
    ['running', true, false],
    ['completed', false, false],
  ]);
});

it('leaves out what a run that is over never came to', () => {
  const stretches = stretchesOf(run({ status: 'failed', ended_at: at(5) }));
  expect(stretches.map((s) => s.status)).toEqual(['scheduled', 'failed']);
  expect(stretches[0]?.to).toBe(Date.parse(at(5)));
});
