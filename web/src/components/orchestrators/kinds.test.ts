import { expect, it } from 'vitest';
import { asked, configOf, type Form, forms, secretsOf } from '@/components/orchestrators/kinds.ts';

const airflow: Form = forms.airflow ?? { ways: [], config: [], secrets: [] };

it('asks only for what the way to log in needs', () => {
  expect(asked(airflow.secrets, 'token').map((f) => f.name)).toEqual(['token']);
  expect(asked(airflow.secrets, 'composer')).toEqual([]);
});

it('leaves out secrets that are empty or of another way, so that they stay', () => {
  expect(secretsOf({ password: '', token: 'x' }, airflow, 'password')).toEqual({});
  expect(secretsOf({ password: 'p', token: 'x' }, airflow, 'password')).toEqual({ password: 'p' });
});

it('keeps settings that it does not ask for, and takes away what was emptied', () => {
  const before = { url: 'https://a', username: 'ana', poll_seconds: 9, auth: 'password' };
  expect(configOf(before, { username: '', url: 'https://b', region: 'r' }, airflow, 'password')).toEqual({
    url: 'https://b',
    poll_seconds: 9,
    auth: 'password',
  });
});
