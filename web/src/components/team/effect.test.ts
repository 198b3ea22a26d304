import { expect, it } from 'vitest';
import { effectWords } from '@/components/team/effect.ts';

const nothing = { gain: [], lose: [], rejected_runs: [], more: false };
const lost = {} as never;

it('says that nothing changes', () => {
  expect(effectWords(nothing)).toBe('Nobody’s access to a dataset changes.');
});

it('counts what is lost and which runs are rejected, and says when that is not all', () => {
  expect(effectWords({ ...nothing, lose: [lost] })).toBe('1 access lost.');
  expect(effectWords({ ...nothing, lose: [lost, lost], rejected_runs: [lost], more: true })).toBe(
    'At least 2 accesses lost, 1 scheduled run rejected.',
  );
});
