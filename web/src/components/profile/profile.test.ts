import { expect, it } from 'vitest';
import { whyNoKeys } from '@/components/profile/Profile.tsx';

it('says why a role may have no keys, and nothing to one that may', () => {
  const settings = { api_key_roles: ['admin', 'member'] as ('admin' | 'member')[] };
  expect(whyNoKeys({ role: 'member' }, settings)).toBeUndefined();
  expect(whyNoKeys({ role: 'guest' }, settings)).toMatch(/not open to the role guest/);
});
