import { expect, it } from 'vitest';
import { differenceWords, effectSentences } from '@/components/effectWords.ts';
import type { Effect } from '@/services/effects.ts';

type Difference = Effect['gain'][number];

const nothing: Effect = { gain: [], lose: [], rejected_runs: [], more: false };
const cats = { id: 'c', name: 'cats' };
const dogs = { id: 'd', name: 'dogs' };

function of(who: string, dataset: typeof cats | null, before: string, after: string): Difference {
  return {
    principal: { id: who, name: who },
    dataset,
    operator: dataset ? null : '@a/b/c',
    before,
    after,
  };
}

it('says nothing of nothing', () => {
  expect(effectSentences(nothing)).toEqual([]);
});

it('names one person and one dataset', () => {
  expect(effectSentences({ ...nothing, lose: [of('Ann', cats, 'edit', 'none')] })).toEqual([
    'Ann loses access to cats.',
  ]);
  expect(effectSentences({ ...nothing, gain: [of('Ann', cats, 'view', 'edit')] })).toEqual([
    'Ann can do more on cats.',
  ]);
});

it('counts people, not pairs of person and dataset', () => {
  const lose = [of('Ann', cats, 'edit', 'none'), of('Ann', dogs, 'edit', 'none'), of('Ben', cats, 'view', 'none')];
  expect(effectSentences({ ...nothing, lose })).toEqual(['2 people lose access to 2 datasets.']);
});

it('tells losing access from doing less, and counts the runs that are rejected', () => {
  const lose = [of('Ann', cats, 'edit', 'none'), of('Ben', dogs, 'edit', 'view')];
  const rejected_runs = [{}, {}, {}] as Effect['rejected_runs'];
  expect(effectSentences({ ...nothing, lose, rejected_runs })).toEqual([
    'Ann loses access to cats.',
    'Ben can do less on dogs.',
    '3 scheduled runs are rejected.',
  ]);
});

it('speaks of operators by their addresses', () => {
  expect(effectSentences({ ...nothing, lose: [of('Ann', null, 'edit', 'none')] })).toEqual([
    'Ann loses access to @a/b/c.',
  ]);
  expect(differenceWords(of('Ann', cats, 'none', 'view'))).toBe('Ann on cats: No access → Can view');
});
