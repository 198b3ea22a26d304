import type { Schemas } from '@/services/api.ts';

/** What a change would do to access and to scheduled runs, in one sentence. */
export function effectWords({ gain, lose, rejected_runs: runs, more }: Schemas['Effect']): string {
  const parts = [
    gain.length > 0 && `${count(gain.length, 'access', 'accesses')} gained`,
    lose.length > 0 && `${count(lose.length, 'access', 'accesses')} lost`,
    runs.length > 0 && `${count(runs.length, 'scheduled run', 'scheduled runs')} rejected`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return 'Nobody’s access to a dataset changes.';
  return `${more ? 'At least ' : ''}${parts.join(', ')}.`;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
