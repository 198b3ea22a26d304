import { expect, it } from 'vitest';
import { asked, peopleSearch } from '@/services/people.ts';

it('reads of an address what it knows, and leaves the rest', () => {
  expect(peopleSearch({ q: 'ann', role: ['admin', 'king'], sort: 'age', cursor: 'c', other: '1' })).toEqual({
    q: 'ann',
    role: ['admin'],
    sort: undefined,
    cursor: 'c',
  });
  expect(peopleSearch({ q: '', role: 'guest' })).toEqual({
    q: undefined,
    role: ['guest'],
    sort: undefined,
    cursor: undefined,
  });
});

it('asks the server for what the address says, and for nothing else', () => {
  expect(asked({})).toEqual({ limit: 50 });
  expect(asked({ q: 'ann', role: ['admin', 'guest'], sort: 'seen', cursor: 'c' }, 20)).toEqual({
    limit: 20,
    search: 'ann',
    role: ['admin', 'guest'],
    sort: 'seen',
    cursor: 'c',
  });
});
