import { expect, it } from 'vitest';
import { endOf } from '@/components/keys/expiry.ts';

const now = Date.parse('2030-01-31T12:00:00Z');

it('counts days from now', () => {
  expect(endOf('30', '', now)).toBe('2030-03-02T12:00:00.000Z');
});

it('ends with a day, where the person is', () => {
  expect(endOf('day', '2030-02-01', now)).toBe(new Date(2030, 1, 1, 23, 59, 59).toISOString());
});

it('gives no end to a key that does not expire', () => {
  expect(endOf('never', '2030-02-01', now)).toBeNull();
});
