import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import type { Settings } from '@/services/me.ts';

export type RoleRow = Schemas['RoleRow'];
export type SettingsChange = Schemas['SettingsPatchBody'];
export type SettingsEffect = Schemas['SettingsEffect'];
export type RoleRight = Schemas['RoleRight'];

/** What each role may do. */
export const rolesQuery = queryOptions({
  queryKey: ['settings', 'roles'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/roles', { signal })),
  staleTime: 60_000,
});

const patch = (body: SettingsChange, dry_run: boolean) =>
  answerOf(api.PATCH('/api/v1/settings', { params: { query: { dry_run } }, body }));

export const changeSettings = (change: SettingsChange) => patch(change, false) as Promise<Settings>;

/** Tells which roles would gain and lose what by a change. */
export const effectOfSettings = (change: SettingsChange) => patch(change, true) as Promise<SettingsEffect>;
