import { expect, it } from 'vitest';
import { whyLocked } from '@/components/team/RoleChoice.tsx';

it('says who decides a role that cannot be changed here', () => {
  expect(whyLocked('company')).toMatch(/provider company decides/);
  expect(whyLocked('demo')).toBe('A demonstration user keeps his role');
});
