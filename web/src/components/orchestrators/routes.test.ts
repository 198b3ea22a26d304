import { expect, it } from 'vitest';
import { fieldsOf, newRoute, notJSON, routeOf } from '@/components/orchestrators/routes.ts';
import type { Route } from '@/services/orchestrators.ts';

it.each<[string, Route]>([
  ['a pool', { operators: ['@acme/*'], target: { pool: 'default' } }],
  [
    'a DAG with inputs',
    { operators: ['*'], target: { dag_id: 'a' }, inputs: { n: '$params.n' }, start_within: '2h0m0s' },
  ],
  ['a task that may report any log', { operators: ['a'], target: { task: 't', version: '1' }, any_log_path: true }],
])('keeps %s as it is', (_, route) => {
  expect(routeOf(fieldsOf(route))).toEqual(route);
});

it('leaves out what is empty', () => {
  expect(routeOf({ ...newRoute, operators: ['*'], inputs: ' ' })).toEqual({ operators: ['*'], target: {} });
});

it('tells why a text is no JSON, and nothing of none', () => {
  expect(notJSON('')).toBeNull();
  expect(notJSON('{"a": 1}')).toBeNull();
  expect(notJSON('{a')).toContain('JSON');
});
