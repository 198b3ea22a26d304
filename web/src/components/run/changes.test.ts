import { expect, it } from 'vitest';
import { changesOf } from '@/components/run/changes.ts';

it('tells what differs by the way to it', () => {
  const before = { model: 'clip', boxes: [{ w: 1 }, { w: 2 }], gone: true, same: [1] };
  const after = { model: 'dino', boxes: [{ w: 1 }, { w: 3 }], same: [1], come: null };
  expect(changesOf(before, after)).toEqual([
    { at: 'model', before: 'clip', after: 'dino' },
    { at: 'boxes[1].w', before: 2, after: 3 },
    { at: 'gone', before: true, after: undefined },
    { at: 'come', before: undefined, after: null },
  ]);
});

it('takes lists of other lengths as a whole', () => {
  expect(changesOf({ a: [1] }, { a: [1, 2] })).toEqual([{ at: 'a', before: [1], after: [1, 2] }]);
});
