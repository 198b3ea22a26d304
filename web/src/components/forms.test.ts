import { expect, it } from 'vitest';
import { faultsByField } from '@/components/forms.ts';
import { Problem } from '@/services/api.ts';

const problem = new Problem(422, 'invalid', 'the input has faults', '', [
  { location: 'body.name', message: 'is too long' },
  { location: 'body.config.url', message: 'is no address' },
  { location: 'body.config.ca', message: 'is no certificate' },
  { location: 'body.routes[1].target', message: 'is of another kind' },
  { location: 'body.routes[1].operators[0]', message: 'is no pattern' },
  { location: 'query.limit', message: 'is below 1' },
]);

it('lays faults beside the fields that they are of, the first of each', () => {
  const route = { operators: ['@acme/*'], target: { pool: '', dag_id: '' } };
  expect(faultsByField(problem, { name: '', config: {}, routes: [route, route] })).toEqual({
    name: 'is too long',
    config: 'is no address',
    'routes.1.target.pool': 'is of another kind',
    'routes.1.operators': 'is no pattern',
  });
  expect(faultsByField(problem, { config: { url: '', ca: '' } })).toEqual({
    'config.url': 'is no address',
    'config.ca': 'is no certificate',
  });
});

it('leaves those of no field, and errors without faults', () => {
  expect(faultsByField(problem, { role: '' })).toEqual({});
  expect(faultsByField(new Error('lost'), { name: '' })).toEqual({});
});
