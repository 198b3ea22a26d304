import { permissionWord } from '@/services/datasets.ts';
import type { Effect } from '@/services/effects.ts';

type Difference = Effect['gain'][number];

/** What a change would do, in a few sentences: who loses, who gains, and which runs are rejected. */
export function effectSentences({ gain, lose, rejected_runs: runs }: Effect): string[] {
  const gone = lose.filter((d) => d.after === 'none');
  const less = lose.filter((d) => d.after !== 'none');
  const come = gain.filter((d) => d.before === 'none');
  const more = gain.filter((d) => d.before !== 'none');
  return [
    sentence(gone, 'loses access to', 'lose access to'),
    sentence(less, 'can do less on', 'can do less on'),
    sentence(come, 'gets access to', 'get access to'),
    sentence(more, 'can do more on', 'can do more on'),
    runs.length === 0 ? undefined : `${count(runs.length, 'scheduled run is', 'scheduled runs are')} rejected.`,
  ].filter((text) => text !== undefined);
}

function sentence(of: Difference[], one: string, many: string): string | undefined {
  const people = distinct(of, (d) => d.principal.id);
  const [first] = people;
  if (!first) return undefined;
  const who = people.length === 1 ? `${first.principal.name} ${one}` : `${people.length} people ${many}`;
  return `${who} ${things(of)}.`;
}

/** On what: a dataset or an operator by its name, several by their number. */
function things(of: Difference[]): string {
  const all = distinct(of, (d) => d.dataset?.id ?? d.operator ?? '');
  const [first] = all;
  if (all.length === 1) return first?.dataset?.name ?? first?.operator ?? '';
  const datasets = all.filter((d) => d.dataset).length;
  if (datasets === all.length) return `${datasets} datasets`;
  return datasets === 0 ? `${all.length} operators` : `${all.length} datasets and operators`;
}

/** One difference: on what, from what, to what. */
export function differenceWords({ principal, dataset, operator, before, after }: Difference): string {
  return `${principal.name} on ${dataset?.name ?? operator ?? ''}: ${permissionWord(before)} → ${permissionWord(after)}`;
}

function distinct<T>(of: T[], by: (one: T) => string): T[] {
  return [...new Map(of.map((one) => [by(one), one])).values()];
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
