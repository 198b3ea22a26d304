import { describe, expect, it } from 'vitest';
import { oneOf, readSearch, someOf, textOf, writeSearch } from '@/services/search.ts';

describe('the query of an address', () => {
  it('keeps names that are there several times, in order', () => {
    expect(readSearch('?status=failed&status=running&q=a%2Fb')).toEqual({ status: ['failed', 'running'], q: 'a/b' });
  });

  it('is written as it is read, without what is empty', () => {
    const search = { status: ['failed', 'queued'], q: 'ü & co', sort: undefined, empty: '' };
    expect(readSearch(writeSearch(search))).toEqual({ status: ['failed', 'queued'], q: 'ü & co' });
    expect(writeSearch({ sort: undefined })).toBe('');
  });

  it('gives known values only, each once and in the order in which they are known', () => {
    expect(someOf(['a', 'b', 'c'], ['c', 'x', 'a', 'a'])).toEqual(['a', 'c']);
    expect(someOf(['a', 'b'], 'b')).toEqual(['b']);
    expect(someOf(['a', 'b'], undefined)).toBeUndefined();
    expect(oneOf(['a', 'b'], 'x')).toBeUndefined();
    expect(textOf(['a'])).toBeUndefined();
  });
});
