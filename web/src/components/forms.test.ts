import { expect, it } from 'vitest';
import { faultsByField } from '@/components/forms.ts';
import { Problem } from '@/services/api.ts';

const problem = new Problem(422, 'invalid', 'the input has faults', '', [
  { location: 'body.name', message: 'is too long' },
  { location: 'body.config.url', message: 'is no address' },
  { location: 'body.config.ca', message: 'is no certificate' },
  { location: 'query.limit', message: 'is below 1' },
]);

it('lays faults beside the fields that they are of, the first of each', () => {
  expect(faultsByField(problem, ['name', 'config'])).toEqual({ name: 'is too long', config: 'is no address' });
});

it('leaves those of no field, and errors without faults', () => {
  expect(faultsByField(problem, ['role'])).toEqual({});
  expect(faultsByField(new Error('lost'), ['name'])).toEqual({});
});
