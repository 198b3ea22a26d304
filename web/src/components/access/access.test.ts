import { describe, expect, it } from 'vitest';
import { choicesOf, isAddress, mayGrant } from './choices.ts';
import { groundOf } from './Holders.tsx';
import type { Holder } from '@/services/access.ts';
import type { RoleRow } from '@/services/settings.ts';

describe('whom a dataset is shared with', () => {
  const found = {
    users: [{ id: '1', kind: 'user', name: 'Ana', email: 'ana@example.org', role: 'guest' }],
    groups: [{ id: '2', name: 'ana@example.org' }],
  };

  it('offers an invitation only to an address that is nobody’s', () => {
    const kinds = (typed: string) => choicesOf(found, typed).map((c) => c.kind);
    expect(kinds('ana')).toEqual(['user', 'group']);
    expect(kinds('ANA@example.org')).toEqual(['user', 'group']);
    expect(kinds('new@example.org')).toEqual(['user', 'group', 'invitation']);
    expect(choicesOf(undefined, 'new@example.org')).toEqual([]); // it is not known yet
  });

  it('takes a whole address for one, and nothing else', () => {
    expect(['a@b.org', 'a@b', 'a b@c.org', '@b.org'].map(isAddress)).toEqual([true, false, false, false]);
  });

  it('offers what the role may be granted', () => {
    const roles = [{ role: 'guest', may_be_granted: ['view'] }] as RoleRow[];
    const [ana, group] = choicesOf(found, 'ana');
    expect(mayGrant(ana, roles)).toEqual(['view']);
    expect(mayGrant(group, roles)).toEqual(['view', 'tag', 'edit', 'manage']);
  });
});

describe('what access rests on', () => {
  const holder = {
    admin: false,
    capped: false,
    own: 'none',
    group: 'none',
    groups: [],
    default: 'none',
    role: 'member',
  };
  const ground = (of: Partial<Holder>) => groundOf({ ...holder, ...of } as Holder);

  it('is the best ground', () => {
    expect(ground({ admin: true, own: 'view' })).toBe('Admins may do everything');
    expect(ground({ own: 'edit', default: 'edit' })).toBe('Own grant');
    expect(ground({ own: 'view', default: 'edit' })).toBe('Default access');
    const groups = [{ id: '1', name: 'red', permission: 'manage' }];
    expect(ground({ own: 'view', group: 'manage', groups, capped: true, role: 'labeler' })).toBe(
      'Group red, as much as a labeler may have',
    );
  });
});
