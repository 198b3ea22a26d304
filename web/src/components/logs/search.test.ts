import { expect, it } from 'vitest';
import { counted, fitting, logSearch, numbered, tally } from '@/components/logs/search.ts';
import type { LogEntry } from '@/services/logs.ts';

const entry = (severity: LogEntry['severity'], message: string): LogEntry => ({ timestamp: null, severity, message });
const log = numbered([entry('INFO', 'Begins'), entry('ERROR', 'Disk full'), entry('WARNING', 'disk slow')]);

it('finds text whatever the case, among entries of a level or worse, and keeps their numbers', () => {
  expect(fitting(log, { q: 'DISK' }).map((e) => e.number)).toEqual([1, 2]);
  expect(fitting(log, { q: 'disk', level: 'ERROR' }).map((e) => e.number)).toEqual([1]);
  expect(fitting(log, {})).toHaveLength(3);
});

it('counts a level with those that are worse', () => {
  expect(counted(tally(log))).toMatchObject({ DEBUG: 3, INFO: 3, WARNING: 2, ERROR: 1, CRITICAL: 0 });
});

it('takes only lines that there can be', () => {
  expect(logSearch({ line: '12' }).line).toBe(12);
  expect(logSearch({ line: 12 }).line).toBe(12); // as a link gives it
  for (const line of ['0', '-1', '1.5', 'x', undefined]) expect(logSearch({ line }).line).toBeUndefined();
});
