import { useDeed } from '@/components/deed.ts';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { effectOfDefault, effectOfShare, type Grantee, setDefault, share, takeBack } from '@/services/access.ts';
import { type Dataset, type Permission, permissions, permissionWord } from '@/services/datasets.ts';

/** What has changed when access to a dataset has. */
export function accessKeys(dataset: Dataset) {
  return [['access', dataset.id], ['datasets'], ['operators']];
}

interface Grant {
  to: Grantee;
  permission: Permission;
}

/** What who manages a dataset does about access. Questions show the effect before anything is done. */
export function useAccessDeeds(dataset: Dataset) {
  const refresh = accessKeys(dataset);
  const grant = useDeed({
    act: ({ to, permission }: Grant) => share(dataset.id, to, permission),
    refresh,
    failed: ({ to }) => `The access of ${to.name} was not changed`,
  });
  const standard = useDeed({
    act: (to: Permission) => setDefault(dataset.id, to),
    refresh,
    failed: 'The default access was not changed',
  });
  return {
    busy: grant.isPending || standard.isPending,
    revoke: useDeed({
      act: ({ id }: { id: string; email: string }) => takeBack(dataset.id, id),
      refresh: [['access', dataset.id, 'invitations']],
      failed: ({ email }) => `The invitation of ${email} was not taken back`,
    }),
    askGrant: (to: Grantee, before: string, permission: Permission) =>
      foretell({
        title:
          permission === 'none'
            ? `Take “${dataset.name}” away from ${to.name}?`
            : `Change what ${to.name} was granted?`,
        note: `${permissionWord(before)} → ${permissionWord(permission)} on ${dataset.name}, as a grant to ${to.kind === 'group' ? 'the group' : 'him'}.`,
        verb: permission === 'none' ? 'Take away' : 'Change',
        grave: isLess(permission, before),
        about: [dataset.id, to.id, permission],
        ask: () => effectOfShare(dataset.id, to, permission),
        show: Foretold,
        act: () => grant.mutate({ to, permission }),
      }),
    askDefault: (to: Permission) =>
      foretell({
        title: `Change the default access of “${dataset.name}”?`,
        note: `Every member: ${permissionWord(dataset.default_permission)} → ${permissionWord(to)}.`,
        verb: 'Change',
        grave: isLess(to, dataset.default_permission),
        about: [dataset.id, 'default', to],
        ask: () => effectOfDefault(dataset.id, to),
        show: Foretold,
        act: () => standard.mutate(to),
      }),
  };
}

/** Tells whether a permission is below another. */
export function isLess(permission: Permission, than: string): boolean {
  return permissions.indexOf(permission) < permissions.indexOf(than as Permission);
}
