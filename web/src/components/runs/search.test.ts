import { expect, it } from 'vitest';
import { filterOf, narrows, runSearch } from '@/components/runs/search.ts';

it('reads of an address what it knows, and nothing else', () => {
  const search = runSearch({ status: ['failed', 'broken'], sort: 'random', q: 'ink', mine: 'yes', page: '3' });
  expect(search).toMatchObject({ status: ['failed'], q: 'ink', mine: 'yes' });
  expect(search.sort).toBeUndefined();
  expect(search).not.toHaveProperty('page');
});

it('asks for one dataset unless all are meant', () => {
  expect(filterOf({}, 'cats').dataset).toBe('cats');
  expect(filterOf({ all: 'yes' }, 'cats').dataset).toBeUndefined();
});

it('minds the case only while there is something to search', () => {
  expect(filterOf({ match: 'uri' }).match).toBeUndefined();
  expect(filterOf({ match: 'uri', q: 'Ink' }).match).toBe('uri');
});

it('knows a narrowed list from a whole one', () => {
  expect(narrows({ mine: 'yes', sort: 'oldest' })).toBe(false);
  expect(narrows({ status: ['failed'] })).toBe(true);
});
