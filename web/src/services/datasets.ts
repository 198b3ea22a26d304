import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Dataset = Schemas['Dataset'];

export const permissions = ['none', 'view', 'tag', 'edit', 'manage'] as const;
export type Permission = (typeof permissions)[number];

const words: Record<string, string> = {
  none: 'No access',
  view: 'Can view',
  tag: 'Can tag',
  edit: 'Can edit',
  manage: 'Can manage',
};

/** What people call a permission. */
export function permissionWord(permission: string): string {
  return words[permission] ?? permission;
}

/** Tells whether a permission is another or above it. */
export function allows(has: string, needs: Permission): boolean {
  return permissions.indexOf(has as Permission) >= permissions.indexOf(needs);
}

export const datasetsQuery = queryOptions({
  queryKey: ['datasets'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/datasets', { params: { query: { limit: 500 } }, signal })),
});

export const datasetQuery = (name: string) =>
  queryOptions({
    queryKey: ['datasets', name],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/datasets/{name}', { params: { path: { name } }, signal })),
  });
