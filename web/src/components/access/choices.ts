import type { Schemas } from '@/services/api.ts';
import type { Grantee } from '@/services/access.ts';
import { type Permission, permissions } from '@/services/datasets.ts';
import type { RoleRow } from '@/services/settings.ts';

interface Shown {
  value: string;
  label: string;
  role?: string; // of somebody
}

/** Whom a dataset can be shared with: somebody, a group, or by invitation an address. */
export type Choice = (Grantee & Shown) | ({ kind: 'invitation'; name: string } & Shown);

/** What was found, and the address that was typed if it is nobody's. */
export function choicesOf(found: Schemas['Candidates'] | undefined, typed: string): Choice[] {
  const people = (found?.users ?? []).map(({ id, name, email, role }): Choice => ({
    kind: 'user',
    id,
    name,
    role,
    value: `user ${id}`,
    label: `${name}${email && email !== name ? ` · ${email}` : ''} · ${role}`,
  }));
  const groups = (found?.groups ?? []).map(({ id, name }): Choice => ({
    kind: 'group',
    id,
    name,
    value: `group ${id}`,
    label: name,
  }));
  const known = found?.users.some((u) => u.email === typed.toLowerCase()) ?? true;
  const invited: Choice[] =
    !known && isAddress(typed)
      ? [{ kind: 'invitation', name: typed, value: `invite ${typed}`, label: `Invite ${typed}` }]
      : [];
  return [...people, ...groups, ...invited];
}

/** Tells whether a text looks like a whole email address; the server decides what is one. */
export function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}

/** What may be granted to a choice: nothing to admins, who need no grant. */
export function mayGrant(to: Choice | undefined, roles: RoleRow[]): Permission[] {
  const all = permissions.filter((p) => p !== 'none');
  if (to?.role === undefined) return all;
  const row = roles.find((r) => r.role === to.role);
  return row ? all.filter((p) => row.may_be_granted.includes(p)) : all;
}
